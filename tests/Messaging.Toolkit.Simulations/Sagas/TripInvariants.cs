using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>What the rows of trips tell in the end (G10).</summary>
internal static class TripInvariants
{
    /// <summary>Databases keep fewer digits of a time than there are.</summary>
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);

    private static readonly string[] StepsBeforePivot = [.. TripSaga.StagesBeforePivot.SelectMany(stage => stage)];

    public static Simulation AddTo(Simulation simulation) => simulation
        .Finally<SagasDb>("each trip that was started has one saga", EachHasOneAsync)
        .Finally<SagasDb>("every saga has ended", db => AllAsync(db, trip => trip.IsCompleted || trip.IsCompensated))
        .Finally<SagasDb>("what is completed was done once, all of it", db => AllAsync(db, trip => !trip.IsCompleted || IsDone(trip)))
        .Finally<SagasDb>("what is compensated was undone once, all of it", db => AllAsync(db, trip => !trip.IsCompensated || IsUndone(trip)))
        .Finally<SagasDb>("nothing was done twice", db => AllAsync(db, HasNoTwins))
        .Finally<SagasDb>("steps were undone in the reverse order of their ends", db => AllAsync(db, IsUndoneInOrder))
        .Finally<SagasDb>("a step was undone when those behind it were", db => AllAsync(db, IsUndoneByStages))
        .Finally<SagasDb>("nothing came before what it follows", db => AllAsync(db, IsDoneByStages))
        .Finally<SagasDb>("each activity had a transaction to itself", db => AllAsync(db, HasActivitiesAlone))
        .Finally<SagasDb>("each reply was taken once", db => AllAsync(db, HasConfirmations))
        .Finally<SagasDb>("time was over only for what had begun and not ended", db => AllAsync(db, HasTimeoutsInTime))
        .Finally<SagasDb>("who has waited was told the truth", IsToldTruthAsync)
        .Finally<SagasDb>("nothing was given up but by the services", async db => await db.Set<DeadLetterRow>().AllAsync(letter => letter.Endpoint == "services" && letter.Reason.StartsWith("its handler failed")));

    private static async Task<bool> AllAsync(SagasDb db, Func<TripStory, bool> holds) => (await TripStory.ReadAsync(db)).TrueForAll(trip => holds(trip));

    private static async Task<bool> EachHasOneAsync(SagasDb db)
    {
        var sagas = (await TripStory.ReadAsync(db)).ToLookup(story => story.Trip.Name);
        var started = await db.Deeds.AsNoTracking().Where(deed => deed.What == Deed.Started).Select(deed => deed.Trip).Distinct().ToListAsync();
        return sagas.All(ofTrip => ofTrip.Count() == 1) && started.TrueForAll(sagas.Contains);
    }

    private static bool IsDone(TripStory trip)
        => StepsBeforePivot.Concat(TripSaga.FromPivotOn).All(step => trip.Count(step) == 1) && !StepsBeforePivot.Any(step => trip.Count(Trip.UndoOf(step)) > 0);

    private static bool IsUndone(TripStory trip)
        => StepsBeforePivot.All(step => trip.Count(step) == trip.Count(Trip.UndoOf(step))) && !TripSaga.FromPivotOn.Any(step => trip.Count(step) > 0);

    private static bool HasNoTwins(TripStory trip)
        => trip.Deeds.Where(deed => deed.What is not (Deed.Started or Deed.Prompted) && !deed.What.StartsWith("refused", StringComparison.Ordinal)).GroupBy(deed => deed.What).All(deeds => deeds.Count() == 1);

    /// <summary>By its history: what has ended last is undone first, and one is undone before the next one is begun.</summary>
    private static bool IsUndoneInOrder(TripStory trip)
    {
        var effects = new Stack<string>();
        string? undoing = null;
        var undone = new List<string>();
        foreach (var row in trip.History.Where(row => row.Step is not null && StepsBeforePivot.Contains(row.Step)))
        {
            switch (row.Event)
            {
                case SagaEvent.StepSucceeded:
                case SagaEvent.StepEndedLate when row.Detail is null:
                    effects.Push(row.Step!);
                    break;

                case SagaEvent.CompensationStarted when row.Step != undoing:
                    if (undoing is not null || !effects.TryPop(out var last) || last != row.Step)
                    {
                        return false;
                    }

                    undoing = row.Step;
                    break;

                case SagaEvent.CompensationSucceeded:
                    undone.Add(row.Step!);
                    undoing = null;
                    break;
            }
        }

        var rows = trip.Deeds.Select(deed => deed.What).Where(what => what.StartsWith("undo ", StringComparison.Ordinal));
        return undoing is null && (!trip.IsCompensated || effects.Count == 0) && rows.SequenceEqual(undone.Select(Trip.UndoOf));
    }

    /// <summary>By its rows alone. What has ended late is undone when it is known.</summary>
    private static bool IsUndoneByStages(TripStory trip)
    {
        var late = trip.History.Where(row => row.Event == SagaEvent.StepEndedLate).Select(row => row.Step).ToHashSet();
        var stages = trip.Deeds
            .Select(deed => TripSaga.StagesBeforePivot.TakeWhile(stage => !stage.Any(step => Trip.UndoOf(step) == deed.What && !late.Contains(step))).Count())
            .Where(index => index < TripSaga.StagesBeforePivot.Count).ToList();
        return stages.SequenceEqual(stages.OrderDescending());
    }

    private static bool IsDoneByStages(TripStory trip)
    {
        IReadOnlyList<string[]> stages = [.. TripSaga.StagesBeforePivot, .. TripSaga.FromPivotOn.Select(step => new[] { step })];
        var order = trip.Deeds.Select(deed => stages.TakeWhile(stage => !stage.Contains(deed.What)).Count()).Where(index => index < stages.Count).ToList();
        return order.SequenceEqual(order.Order());
    }

    private static bool HasActivitiesAlone(TripStory trip)
        => trip.Deeds.Where(deed => deed.What is "garden" or "undo garden" or "insure" or "pack").GroupBy(deed => deed.Message).All(deeds => deeds.Count() == 1);

    /// <summary>What is undone was confirmed too, unless it came when nobody listened any more.</summary>
    private static bool HasConfirmations(TripStory trip)
        => trip.Trip.Confirmations.Distinct().Count() == trip.Trip.Confirmations.Count
           && trip.Trip.Confirmations.All(step => trip.Count(step) == 1)
           && (!trip.IsCompleted || StepsBeforePivot.Concat(TripSaga.FromPivotOn).Except(["tell"]).All(trip.Trip.Confirmations.Contains));

    private static bool HasTimeoutsInTime(TripStory trip)
    {
        var begun = new Dictionary<string, DateTime>();
        var started = trip.History.FirstOrDefault()?.At;
        SagaHistoryRow? whole = null;
        foreach (var row in trip.History)
        {
            switch (row.Event)
            {
                case SagaEvent.TimedOut when trip.Saga.Definition == TripSaga.Name || row.At + Rounding < started + HastyTripSaga.WholeTimeout:
                    return false;

                case SagaEvent.TimedOut:
                    whole = row;
                    break;

                case SagaEvent.StepStarted or SagaEvent.StepRetried or SagaEvent.CompensationStarted:
                    begun[row.Step!] = row.At;
                    break;

                case SagaEvent.StepSucceeded or SagaEvent.StepFailed or SagaEvent.CompensationSucceeded or SagaEvent.CompensationFailed:
                    begun.Remove(row.Step!);
                    break;

                case SagaEvent.StepTimedOut when whole is null || whole.MessageId != row.MessageId:
                    if (!begun.TryGetValue(row.Step!, out var at) || trip.TimeoutOf(row.Step!) is not { } timeout || row.At + Rounding < at + timeout)
                    {
                        return false;
                    }

                    break;
            }
        }

        return true;
    }

    private static async Task<bool> IsToldTruthAsync(SagasDb db)
    {
        var stories = (await TripStory.ReadAsync(db)).ToDictionary(story => story.Saga.Id);
        return (await db.Outcomes.AsNoTracking().ToListAsync()).TrueForAll(
            outcome => outcome.Status == SagaStatus.Running || (stories.TryGetValue(outcome.Saga, out var story) && (story.Saga.Status == outcome.Status || outcome.Status == SagaStatus.Stuck)));
    }
}
