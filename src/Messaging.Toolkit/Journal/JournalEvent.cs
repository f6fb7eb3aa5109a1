namespace Messaging.Toolkit.Journal;

/// <summary>What can happen to a message of a conversation.</summary>
public enum JournalEvent
{
    /// <summary>It was published, sent, or replied with.</summary>
    Published,

    /// <summary>Its handlers at an endpoint ran, and their transaction committed.</summary>
    Handled,

    /// <summary>Its handlers failed, and such failures are ignored there: it had no effect.</summary>
    Ignored,

    /// <summary>Its time was over when it came to an endpoint: no handler ran.</summary>
    Expired,

    /// <summary>An endpoint gave it up.</summary>
    DeadLettered,
}
