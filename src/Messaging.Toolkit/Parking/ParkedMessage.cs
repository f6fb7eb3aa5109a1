using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.Parking;

/// <summary>A message that waits at an endpoint: for its next attempt, or behind an earlier one of its key that does.</summary>
public sealed record ParkedMessage
{
    /// <summary>Its place: within a key, smaller numbers come first. 0 as long as it is not stored.</summary>
    public long Id { get; init; }

    /// <summary>The endpoint that is to handle it.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The message's id.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The message's name as it arrived.</summary>
    public required string Type { get; init; }

    /// <summary>The ordering key, or null.</summary>
    public string? Key { get; init; }

    /// <summary>The other attributes, as JSON.</summary>
    public required string Headers { get; init; }

    /// <summary>The body as it arrived, byte for byte.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>How often its handlers have failed, over all processes; 0 if it has only waited so far. Failures of the store are waited out and do not count.</summary>
    public int Attempts { get; init; }

    /// <summary>How many of the delays of its ladder are used up.</summary>
    public int Delays { get; init; }

    /// <summary>Where it is in a stream, if it comes from one and is not stored: then parking it moves the position behind it.</summary>
    public StreamPlace? Place { get; init; }

    /// <exception cref="FormatException">The headers are not readable.</exception>
    internal MessageEnvelope ToEnvelope() => EnvelopeHeaders.Read(MessageId, Type, Key, Headers, Body.ToArray());
}
