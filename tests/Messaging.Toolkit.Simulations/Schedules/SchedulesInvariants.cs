using System.Text.Json;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Schedules;

/// <summary>What the plans and the reminders tell. The ledger knows when messages leave; this knows what was wanted.</summary>
internal static class SchedulesInvariants
{
    public static Simulation AddTo(Simulation simulation) => simulation
        .Always<SchedulesDb>("what waits was planned and is not cancelled", WaitsOnlyWhatIsWantedAsync)
        .Always<SchedulesDb>("no reminder came before its time", async db => !await db.Reminders.AnyAsync(reminder => db.Plans.Any(plan => plan.Id == reminder.Plan && plan.Due > reminder.At)))
        .Finally<SchedulesDb>("what was planned and not cancelled came", HasAllAsync)
        .Finally<SchedulesDb>("no reminder came twice", async db => !await db.Reminders.GroupBy(reminder => reminder.Plan).AnyAsync(ofOne => ofOne.Count() > 1))
        .Finally<SchedulesDb>("no reminder came that was not planned", async db => await db.Reminders.AllAsync(reminder => db.Plans.Any(plan => plan.Id == reminder.Plan)))
        .Finally<SchedulesDb>("the bell rang once at a tick", async db => !await db.Rings.GroupBy(ring => ring.Tick).AnyAsync(ofOne => ofOne.Count() > 1))
        .Finally<SchedulesDb>("the bell rang when a tick was", async db => (await db.Rings.ToListAsync()).TrueForAll(ring => ring.Tick.Ticks % TimeSpan.FromSeconds(2).Ticks == 0))
        .Finally<SchedulesDb>("nothing was given up but by its handler", async db => await db.Set<DeadLetterRow>().AllAsync(letter => letter.Reason.StartsWith("its handler failed")));

    private static async Task<bool> WaitsOnlyWhatIsWantedAsync(SchedulesDb db)
    {
        var waiting = await ReadWaitingAsync(db);
        var wanted = await db.Plans.Where(plan => waiting.Contains(plan.Id) && !plan.IsCancelled).Select(plan => plan.Id).ToListAsync();
        return waiting.TrueForAll(wanted.Contains);
    }

    private static async Task<bool> HasAllAsync(SchedulesDb db)
    {
        // Those that handlers have planned may be due after the end.
        var waiting = await ReadWaitingAsync(db);
        var missing = await db.Plans.CountAsync(plan => !plan.IsCancelled && !plan.MayBeCancelled && !waiting.Contains(plan.Id) && !db.Reminders.Any(reminder => reminder.Plan == plan.Id));
        return missing <= await db.Set<DeadLetterRow>().CountAsync(letter => letter.Endpoint == "reminders");
    }

    /// <summary>The plans whose messages wait to fall due.</summary>
    private static async Task<List<Guid>> ReadWaitingAsync(SchedulesDb db)
    {
        var bodies = await db.Set<ScheduleRow>().AsNoTracking().Select(row => row.Body).ToListAsync();
        return bodies.ConvertAll(body => JsonSerializer.Deserialize<Remind>(body, JsonSerializerOptions.Web)!.Plan);
    }
}
