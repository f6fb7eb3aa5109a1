namespace Messaging.Toolkit.Transports;

/// <summary>What became of a message handed to a sender.</summary>
public enum SendStatus
{
    /// <summary>The destination has taken responsibility for it: the outbox row can go.</summary>
    Confirmed,

    /// <summary>It was given back untouched: the row stays, and is sent again in its turn.</summary>
    Returned,

    /// <summary>It will never be accepted (too large, say): it goes to the dead letters.</summary>
    Refused,
}
