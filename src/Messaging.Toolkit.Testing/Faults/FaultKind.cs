namespace Messaging.Toolkit.Testing;

/// <summary>What can go wrong in a simulation.</summary>
public enum FaultKind
{
    /// <summary>A node dies: nothing of it goes on, what it had not committed is rolled back. It is started again later.</summary>
    Crash,

    /// <summary>A node stands still, for up to a few lease durations, and goes on as if nothing had happened.</summary>
    Freeze,

    /// <summary>A node is stopped gracefully and started again.</summary>
    Restart,

    /// <summary>A call of the database takes up to seconds.</summary>
    SlowDatabase,

    /// <summary>A statement fails and has no effect.</summary>
    StatementFails,

    /// <summary>A statement fails, and with it the connection and its transaction.</summary>
    ConnectionLost,

    /// <summary>A commit fails: the transaction is rolled back.</summary>
    CommitFails,

    /// <summary>A commit, or a statement without a transaction, takes effect, and the caller sees a lost connection.</summary>
    ReplyLost,

    /// <summary>A handler throws.</summary>
    HandlerFails,

    /// <summary>A handler takes up to seconds.</summary>
    SlowHandler,

    /// <summary>A broker delivers a message twice.</summary>
    Duplicate,

    /// <summary>A broker gives a message, and those handed over after it, back to the sender.</summary>
    Returned,

    /// <summary>A broker has taken a message, and its confirm never arrives: the sender breaks some time later.</summary>
    ConfirmLost,

    /// <summary>A broker's channel closes: the sender or the receiver breaks, and what is under way is unknown.</summary>
    ChannelClosed,

    /// <summary>A broker shares an endpoint's messages among its consumers anew.</summary>
    Rebalance,

    /// <summary>A broker takes up to seconds.</summary>
    SlowBroker,

    /// <summary>A broker dies and starts again some seconds later: connections break, and what it had not confirmed may be lost.</summary>
    BrokerRestart,

    /// <summary>A broker is short of memory: for up to seconds it reads nothing from who sends to it, and says so.</summary>
    Blocked,

    /// <summary>Somebody deletes a queue of a broker in which there is nothing.</summary>
    QueueDeleted,
}
