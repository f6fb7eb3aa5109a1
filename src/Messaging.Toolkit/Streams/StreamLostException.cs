namespace Messaging.Toolkit.Streams;

/// <summary>Somebody else has taken a stream, or its position was deleted. What was begun is rolled back: it is handled there.</summary>
public sealed class StreamLostException : MessagingException
{
    /// <summary>A position can be moved no more.</summary>
    public StreamLostException(StreamPosition position)
        : base($"The position of endpoint '{position?.Endpoint}' in '{position?.Stream}' is another process's: it was taken since (this is epoch {position?.Epoch}), or its row was deleted.")
    {
        ArgumentNullException.ThrowIfNull(position);
        Position = position;
    }

    /// <summary>The position that was lost.</summary>
    public StreamPosition Position { get; }
}
