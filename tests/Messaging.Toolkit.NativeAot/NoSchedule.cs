using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Scheduling;

namespace Messaging.Toolkit.NativeAot;

/// <summary>Nothing is ever later here.</summary>
sealed class NoSchedule : IScheduleStore
{
    public event Action<TimeSpan>? Scheduled
    {
        add { }
        remove { }
    }

    public Task<ScheduleRound> MoveDueAsync(int count, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<int> CancelNowAsync(string scheduleId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<RecurringReading> ReadRecurringAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task BeginRecurringAsync(RecurringRecord recurring, string? replaces, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> FireAsync(RecurringRecord tick, IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken) => throw new NotSupportedException();
}
