using System.Text.Json;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>All that is known of a trip in the end: what its instance tells, and what was done.</summary>
/// <param name="Saga">The instance.</param>
/// <param name="Trip">Its state.</param>
/// <param name="History">What it tells, in its order.</param>
/// <param name="Deeds">What was done, in the order in which it was.</param>
internal sealed record TripStory(SagaRow Saga, Trip Trip, IReadOnlyList<SagaHistoryRow> History, IReadOnlyList<Deed> Deeds)
{
    public bool IsCompleted => Saga.Status == SagaStatus.Completed;

    public bool IsCompensated => Saga.Status == SagaStatus.Compensated;

    public static async Task<List<TripStory>> ReadAsync(SagasDb db)
    {
        var sagas = await db.Set<SagaRow>().AsNoTracking().Where(saga => saga.Endpoint == "trips").ToListAsync();
        var history = (await db.Set<SagaHistoryRow>().AsNoTracking().OrderBy(row => row.Sequence).ToListAsync()).ToLookup(row => row.SagaId);
        var deeds = (await db.Deeds.AsNoTracking().OrderBy(deed => deed.Id).ToListAsync()).ToLookup(deed => deed.Trip);
        return
        [
            .. sagas.Select(saga => (Saga: saga, Trip: JsonSerializer.Deserialize<Trip>(saga.State, JsonSerializerOptions.Web)!))
                .Select(each => new TripStory(each.Saga, each.Trip, [.. history[each.Saga.Id]], [.. deeds[each.Trip.Name]])),
        ];
    }

    public int Count(string what) => Deeds.Count(deed => deed.What == what);

    public TimeSpan? TimeoutOf(string step) => step switch
    {
        "garden" or "insure" or "pack" => TripSaga.ActivityTimeout,
        "car" or "tell" => null,
        _ => TripSaga.StepTimeout,
    };
}
