using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.DeadLetters;

/// <summary>A dead letter with everything that is written in its transaction.</summary>
public sealed record DeadLetterEntry
{
    /// <summary>The dead letter.</summary>
    public required DeadLetter Letter { get; init; }

    /// <summary>What is sent because of it.</summary>
    public IReadOnlyList<OutgoingMessage> Messages { get; init; } = [];

    /// <summary>What the journal is to say of it, or null for nothing.</summary>
    public JournalEntry? Entry { get; init; }

    /// <summary>The unfinished instances that cannot go on without it.</summary>
    public IReadOnlyList<StuckInstance> Stuck { get; init; } = [];

    /// <summary>The parked message that it was until now, or null if it comes from a delivery.</summary>
    public ParkedMessage? Parked { get; init; }

    /// <summary>Where it is in a stream, if it comes from one and was not parked: then storing the letter moves the position behind it.</summary>
    public StreamPlace? Place { get; init; }

    /// <summary>Whether those of its key at its endpoint wait until it is replayed or discarded.</summary>
    public bool HoldsKey { get; init; }
}
