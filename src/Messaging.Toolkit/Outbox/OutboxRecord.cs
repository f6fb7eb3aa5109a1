using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Outbox;

/// <summary>A row of the outbox as it was read. Nothing in it has been looked at yet: it may be damaged.</summary>
public sealed record OutboxRecord
{
    /// <summary>The row's number. Within a key, numbers are in the order of the commits; over keys they say nothing.</summary>
    public required long Id { get; init; }

    /// <summary>Where the transport is to bring it.</summary>
    public required string Destination { get; init; }

    /// <summary>The share of the outbox it falls into.</summary>
    public required int Bucket { get; init; }

    /// <summary>The message's id.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The message's registered name.</summary>
    public required string Type { get; init; }

    /// <summary>The ordering key, or null.</summary>
    public string? Key { get; init; }

    /// <summary>The other attributes, as JSON.</summary>
    public required string Headers { get; init; }

    /// <summary>The serialized message.</summary>
    public required byte[] Body { get; init; }

    /// <summary>What metrics call the place that it is for; null while nobody counts.</summary>
    internal string? Address { get; set; }

    /// <exception cref="FormatException">The headers are not readable.</exception>
    internal MessageEnvelope ToEnvelope() => EnvelopeHeaders.Read(MessageId, Type, Key, Headers, Body);
}
