using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Tests.Diagnostics;

/// <summary>A store of which nothing is asked but how much waits in it.</summary>
sealed class FiguresStore : IMessageStore
{
    public StoreFigures Figures { get; set; } = new() { OutboxPending = 0, OutboxOldestAge = default, Parked = 0, DeadLetters = 0, ScheduleLag = default };

    public bool IsDown { get; set; }

    public int Reads { get; private set; }

    public string Name => "shop";

    public IOutboxStore Outbox => throw new NotSupportedException();

    public ILeaseStore Leases => throw new NotSupportedException();

    public IInbox Inbox => throw new NotSupportedException();

    public IParkingStore Parking => throw new NotSupportedException();

    public IDeadLetterStore DeadLetters => throw new NotSupportedException();

    public IScheduleStore Schedule => throw new NotSupportedException();

    public ISagaStore Sagas => throw new NotSupportedException();

    public ISagaCatalogue SagaCatalogue => throw new NotSupportedException();

    public Toolkit.Streams.IStreamStore Streams => throw new NotSupportedException();

    public Toolkit.Journal.IJournalStore Journal => throw new NotSupportedException();

    public event Action? MessagesCommitted
    {
        add { }
        remove { }
    }

    public Task<StoreFigures> ReadFiguresAsync(int countUpTo, CancellationToken cancellationToken)
    {
        Reads++;
        return IsDown ? throw new TimeoutException("Password=secret does not answer") : Task.FromResult(Figures);
    }

    public IOutboxSession GetSession(IServiceProvider scope) => throw new NotSupportedException();

    public IEnumerable<string> Validate() => [];
}
