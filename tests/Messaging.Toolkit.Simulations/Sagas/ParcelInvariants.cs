using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>What the rows of parcels tell in the end (G10).</summary>
internal static class ParcelInvariants
{
    /// <summary>Databases keep fewer digits of a time than there are.</summary>
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);

    public static Simulation AddTo(Simulation simulation) => simulation
        .Finally<SagasDb>("each parcel has one process", db => AllAsync(db, parcel => parcel.Instances.Count == 1))
        .Finally<SagasDb>("each event of a parcel was taken once, also those that waited", db => AllAsync(db, parcel => HasAll(parcel)))
        .Finally<SagasDb>("a parcel is done when all has come", db => AllAsync(db, parcel => parcel.IsComplete == (parcel.Instances[0].Status == SagaStatus.Completed)))
        .Finally<SagasDb>("events of a key were taken in order, also those that waited", db => AllAsync(db, parcel => IsInOrder(parcel)))
        .Finally<SagasDb>("a timeout came once or was taken back", db => AllAsync(db, parcel => HasPatienceOnce(parcel)))
        .Finally<SagasDb>("a timeout that was taken back never came, and none too early", db => AllAsync(db, HasTimeoutsInTime));

    private static async Task<bool> AllAsync(SagasDb db, Func<ParcelStory, bool> holds) => (await ParcelStory.ReadAsync(db)).TrueForAll(parcel => holds(parcel));

    private static bool HasAll(ParcelStory parcel) => parcel.IsBegun
        ? parcel.Taken.Order(StringComparer.Ordinal).SequenceEqual(parcel.Events.Select(published => published.What).Order(StringComparer.Ordinal))
        : parcel.Taken.Count == 0 && parcel.History.Count(row => row.Event == SagaEvent.EventSetAside) == parcel.Events.Count;

    private static bool IsInOrder(ParcelStory parcel)
        => !parcel.IsBegun || parcel.Events.Where(published => published.Shelf is not null).GroupBy(published => published.Shelf)
            .All(ofShelf => ofShelf.Select(published => published.What).SequenceEqual(parcel.Taken.Where(what => ofShelf.Any(published => published.What == what))));

    /// <summary>By its rows: patience ends while only one of the two has come that are waited for, and for good if the other never does.</summary>
    private static bool HasPatienceOnce(ParcelStory parcel)
    {
        var rows = parcel.Happenings.Select(happening => happening.What).ToList();
        var ends = rows.Count(what => what == ParcelProcess.Patience);
        var second = Math.Max(rows.IndexOf(nameof(Ordered)), rows.IndexOf(nameof(Paid)));
        var isReady = rows.Contains(nameof(Ordered)) && rows.Contains(nameof(Paid));
        return isReady
            ? ends <= 1 && rows.IndexOf(ParcelProcess.Patience) < second && rows.IndexOf(ParcelProcess.Closing) is var closing && (closing < 0 || closing > second)
            : ends == (parcel.IsBegun ? 1 : 0) && !rows.Contains(ParcelProcess.Closing);
    }

    private static bool HasTimeoutsInTime(ParcelStory parcel)
    {
        var scheduled = new Dictionary<string, DateTime>();
        foreach (var row in parcel.History)
        {
            switch (row.Event)
            {
                case SagaEvent.TimeoutScheduled:
                    scheduled[row.Detail!] = row.At;
                    break;

                case SagaEvent.TimeoutCancelled when !scheduled.Remove(row.Detail!):
                case SagaEvent.TimedOut when !scheduled.Remove(row.Detail!, out var at) || row.At + Rounding < at + ParcelProcess.Delays[row.Detail!]:
                    return false;

                case SagaEvent.Completed:
                    scheduled.Clear();
                    break;
            }
        }

        return scheduled.Count == 0;
    }
}

/// <summary>All that is known of a parcel in the end.</summary>
/// <param name="Instances">Its process, and no other one.</param>
/// <param name="History">What the process tells, in its order.</param>
/// <param name="Events">What was published, in its order.</param>
/// <param name="Happenings">What was done because of it, in its order.</param>
internal sealed record ParcelStory(
    IReadOnlyList<SagaRow> Instances, IReadOnlyList<SagaHistoryRow> History, IReadOnlyList<PublishedEvent> Events, IReadOnlyList<Happening> Happenings)
{
    public bool IsBegun => Events.Any(published => published.What is nameof(Ordered) or nameof(Paid));

    /// <summary>Only the events that begin it are ever missing.</summary>
    public bool IsComplete => Events.Count(published => published.What is nameof(Ordered) or nameof(Paid)) == 2;

    public IReadOnlyList<string> Taken => [.. Happenings.Select(happening => happening.What).Where(what => what is not (ParcelProcess.Patience or ParcelProcess.Closing))];

    public static async Task<List<ParcelStory>> ReadAsync(SagasDb db)
    {
        var instances = (await db.Set<SagaRow>().AsNoTracking().Where(saga => saga.Endpoint == "parcels").ToListAsync()).ToLookup(saga => saga.Correlation);
        var history = (await db.Set<SagaHistoryRow>().AsNoTracking().OrderBy(row => row.Sequence).ToListAsync()).ToLookup(row => row.SagaId);

        // EF saves again when the reply to a commit was lost: the row is there twice then, and the message is the same.
        var events = (await db.Published.AsNoTracking().OrderBy(published => published.Id).ToListAsync()).DistinctBy(published => (published.Parcel, published.What));
        var happenings = (await db.Happenings.AsNoTracking().OrderBy(happening => happening.Id).ToListAsync()).ToLookup(happening => happening.Parcel);
        return
        [
            .. events.GroupBy(published => published.Parcel).Select(ofParcel => new ParcelStory(
                [.. instances[ofParcel.Key]], [.. instances[ofParcel.Key].SelectMany(saga => history[saga.Id])], [.. ofParcel], [.. happenings[ofParcel.Key]])),
        ];
    }
}
