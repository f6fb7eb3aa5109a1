namespace Messaging.Toolkit.Messages;

/// <summary>What a broker's message says of itself without CloudEvents headers, in the fields that the broker has.</summary>
public sealed record BrokerAttributes
{
    /// <summary>The id of a message that has none: another one with each delivery, so its duplicates cannot be recognized.</summary>
    public required Guid NewId { get; init; }

    /// <summary>When it was sent, or received if nobody knows.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The sender's id of the message.</summary>
    public string? Id { get; init; }

    /// <summary>The name of its type.</summary>
    public string? Type { get; init; }

    /// <summary>The media type of its body.</summary>
    public string? ContentType { get; init; }

    /// <summary>The sender's correlation id.</summary>
    public string? CorrelationId { get; init; }
}
