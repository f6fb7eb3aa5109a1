using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Scheduling;

/// <summary>
/// Fires the recurring schedules of one store. Every process tries at every tick; the first one to note a tick sends its message, in the same
/// transaction. So nobody has to be in charge, and a process that dies is not missed.
/// </summary>
internal sealed class RecurringSchedules(IMessageStore store, IReadOnlyList<RecurringDefinition> definitions, OutgoingMessages outgoing, SchedulingOptions options, TimeProvider time, WorkState state)
{
    /// <summary>A clock that was set is noticed after that; ticks themselves are not waited for in steps.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly string[] names = [.. definitions.Select(definition => definition.Name)];

    /// <summary>Those whose expression this process has compared with the stored one, as it does once: after that it goes by its own.</summary>
    private readonly HashSet<string> compared = new(StringComparer.Ordinal);

    /// <summary>Fires what has fallen due, and waits for the next tick.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var reading = await store.Schedule.ReadRecurringAsync(names, cancellationToken);
        var stored = reading.Records.ToDictionary(record => record.Name, StringComparer.Ordinal);
        MessagingException? failure = null;
        foreach (var definition in definitions)
        {
            try
            {
                await RunAsync(definition, stored.GetValueOrDefault(definition.Name), reading.Now, cancellationToken);
            }
            catch (UnfiredTickException exception)
            {
                // The others are not to wait for it.
                failure ??= exception;
            }
        }

        if (failure is not null)
        {
            throw failure;
        }

        state.Works();
        await Task.Delay(PauseAfter(reading.Now), time, cancellationToken);
    }

    private async Task RunAsync(RecurringDefinition definition, RecurringRecord? record, DateTime now, CancellationToken cancellationToken)
    {
        if (record is null || (record.Expression != definition.Expression && !compared.Contains(definition.Name)))
        {
            // A tick of before would be one of a time at which nobody had wanted it.
            await store.Schedule.BeginRecurringAsync(new(definition.Name, definition.Expression, WholeSeconds(now)), record?.Expression, cancellationToken);
        }
        else if (definition.Ticks.Last(record.LastTick, now) is { } tick)
        {
            await store.Schedule.FireAsync(new(definition.Name, definition.Expression, tick), Create(definition, tick), cancellationToken);
        }

        compared.Add(definition.Name);
    }

    private IReadOnlyList<OutgoingMessage> Create(RecurringDefinition definition, DateTime tick)
    {
        try
        {
            return outgoing.CreateForTick(definition.Create(new DateTimeOffset(tick, TimeSpan.Zero)), definition.Name, tick);
        }
        catch (Exception exception)
        {
            throw new UnfiredTickException(definition.Name, tick, exception);
        }
    }

    private TimeSpan PauseAfter(DateTime now)
    {
        var longest = options.PollInterval > LongestPause ? options.PollInterval : LongestPause;
        var next = definitions.Select(definition => definition.Ticks.Next(now)).Min();
        return next is { } tick && tick - now < longest ? tick - now : longest;
    }

    private static DateTime WholeSeconds(DateTime time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));

    /// <summary>The message of a tick could not be made.</summary>
    private sealed class UnfiredTickException(string name, DateTime tick, Exception innerException)
        : MessagingException($"The recurring schedule '{name}' has no message for its tick of {tick:u}, because making it failed ({innerException.GetType().Name}); it is tried again until the next tick.", innerException);
}
