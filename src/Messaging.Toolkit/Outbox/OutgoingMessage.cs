using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Scheduling;

namespace Messaging.Toolkit.Outbox;

/// <summary>A message on its way to one destination: what becomes one row of the outbox.</summary>
/// <param name="Envelope">The message; the same for all its destinations.</param>
/// <param name="Destination">Where the transport is to bring it.</param>
/// <param name="Bucket">The share of the outbox it falls into: the same for all messages of a key.</param>
public sealed record OutgoingMessage(MessageEnvelope Envelope, string Destination, int Bucket)
{
    /// <summary>When it is to leave, or null for at once: otherwise it becomes a row of the schedule first.</summary>
    public Schedule? Schedule { get; init; }

    /// <summary>What the journal is to say of its publication, in the transaction in which the row is written; null for nothing. One destination's says it for all.</summary>
    public JournalEntry? Entry { get; init; }
}
