using System.Text.Json.Serialization;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Sagas.Processes;

/// <summary>How far an instance of a process manager has come. Immutable.</summary>
internal sealed record ProcessProgress
{
    /// <summary>The state it is in; null while it waits for an event that begins it.</summary>
    public string? State { get; init; }

    public bool IsCompleted { get; init; }

    /// <summary>Timeouts that have not come and were not taken back.</summary>
    public IReadOnlyList<ProcessTimeout> Timeouts { get; init; } = [];

    /// <summary>Events that wait for it to begin, in the order in which they came.</summary>
    public IReadOnlyList<ParkedEvent> Parked { get; init; } = [];

    [JsonIgnore]
    public DateTime? DueAt => IsCompleted ? null : Timeouts.Select(timeout => (DateTime?)timeout.Due).Concat(Parked.Select(parked => parked.Until)).Min();

    public ProcessProgress Without(string timeout) => this with { Timeouts = [.. Timeouts.Where(known => known.Name != timeout)] };
}

/// <summary>A timeout of an instance.</summary>
internal sealed record ProcessTimeout(string Name, DateTime Due, byte[] Body);

/// <summary>An event that came before its instance began, whole, and until when it waits.</summary>
internal sealed record ParkedEvent(string Type, Guid MessageId, string? Key, string Headers, byte[] Body, DateTime? Until = null)
{
    [JsonIgnore]
    public int Bytes => Headers.Length + Body.Length;

    public static ParkedEvent Of(MessageEnvelope envelope, DateTime until)
        => new(envelope.Type, envelope.Id, envelope.Key, EnvelopeHeaders.Write(envelope), envelope.Body.ToArray(), until);

    public MessageEnvelope ToEnvelope() => EnvelopeHeaders.Read(MessageId, Type, Key, Headers, Body);
}
