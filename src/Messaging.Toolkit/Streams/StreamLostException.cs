namespace Messaging.Toolkit.Streams;

/// <summary>Somebody else has taken a stream, its position was deleted, or it is not where it was left. What was begun is rolled back, and handled by whoever takes the stream next.</summary>
public sealed class StreamLostException : MessagingException
{
    /// <summary>A position can be moved no more.</summary>
    public StreamLostException(StreamPosition position)
        : base($"The position of endpoint '{position?.Endpoint}' in '{position?.Stream}' is another process's: it was taken since (this is epoch {position?.Epoch}), its row was deleted, or it is not where this process has left it.")
    {
        ArgumentNullException.ThrowIfNull(position);
        Position = position;
    }

    /// <summary>The position that was lost.</summary>
    public StreamPosition Position { get; }
}
