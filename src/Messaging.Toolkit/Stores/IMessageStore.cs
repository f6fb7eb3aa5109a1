using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.Stores;

/// <summary>One database, seen by the toolkit: everything durable that it needs.</summary>
public interface IMessageStore
{
    /// <summary>Names the store in this application, logs and metrics.</summary>
    string Name { get; }

    /// <summary>Messages waiting to be sent.</summary>
    IOutboxStore Outbox { get; }

    /// <summary>Who sends them.</summary>
    ILeaseStore Leases { get; }

    /// <summary>Messages handled.</summary>
    IInbox Inbox { get; }

    /// <summary>Messages that wait at endpoints.</summary>
    IParkingStore Parking { get; }

    /// <summary>Messages given up.</summary>
    IDeadLetterStore DeadLetters { get; }

    /// <summary>How far endpoints are in streams.</summary>
    IStreamStore Streams { get; }

    /// <summary>Messages that are not due yet.</summary>
    IScheduleStore Schedule { get; }

    /// <summary>Sagas and process managers, for those who run them.</summary>
    ISagaStore Sagas { get; }

    /// <summary>Sagas and process managers, for those who look at them.</summary>
    ISagaCatalogue SagaCatalogue { get; }

    /// <summary>What was published and handled.</summary>
    IJournalStore Journal { get; }

    /// <summary>
    /// Counts what waits, for metrics and health checks, in one statement and in no transaction of anybody's. Ages are by the store's clock, and never negative. May be called
    /// from several threads; throws what the database throws.
    /// </summary>
    /// <param name="countUpTo">How far rows are counted: it returns no number greater than this, and what it costs is bounded by it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<StoreFigures> ReadFiguresAsync(int countUpTo, CancellationToken cancellationToken);

    /// <summary>Set whenever this process may have committed messages to the outbox.</summary>
    event Action? MessagesCommitted;

    /// <summary>The unit of work of a scope.</summary>
    /// <param name="scope">A scope of the application's services.</param>
    IOutboxSession GetSession(IServiceProvider scope);

    /// <summary>Looks for what cannot work, without touching the database. One sentence per error, with its cure.</summary>
    IEnumerable<string> Validate();

    /// <summary>Looks at the database, for <see cref="IMessagingInspector.DiagnoseAsync"/>: whether everything is there, and what stands in the way. By default there is nothing to say.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<Finding>> ExamineAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Finding>>([]);
}
