using Messaging.Toolkit.Journal;

namespace Messaging.Toolkit.Outbox;

/// <summary>The messages that wait in one unit of work for its commit. Used by one thread at a time.</summary>
public interface IOutboxSession
{
    /// <summary>The message whose handler owns this unit of work, or null outside of handlers.</summary>
    MessageContext? Cause { get; set; }

    /// <summary>Whether another transaction can write while this unit of work's own is open.</summary>
    bool CanWriteBeside { get; }

    /// <summary>Adds messages, to be written as the last thing before the commit and in this order.</summary>
    void Add(IReadOnlyList<OutgoingMessage> messages);

    /// <summary>
    /// Cancels the scheduled messages of a name: those added before and not written yet, and those that are stored when the unit of work is written. What is added
    /// later stays.
    /// </summary>
    void Cancel(string scheduleId);

    /// <summary>Adds an entry of the journal, to be written with the messages if the store keeps a journal.</summary>
    void Record(JournalEntry entry);

    /// <summary>
    /// Gives the unit of work up although something still runs in it: nothing of it is saved any more, and whoever owns it ends its transaction at once, but
    /// keeps everything else until the task has ended. Other calls may be running.
    /// </summary>
    /// <param name="running">What still runs, and may still use the unit of work; it is refused from now on.</param>
    void LeaveBehind(Task running);
}
