using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>What the clients do: they start trips in every way, and tell what happens to parcels, in any order.</summary>
internal static class SagasWorkload
{
    private const int Rounds = 3;

    /// <summary>More than the faults of any run break.</summary>
    private const int Attempts = 200;

    private const double HowOftenHasty = 0.3;
    private const double HowOftenBadly = 0.3;
    private const double HowOftenUndoneBadly = 0.3;

    private static readonly string[] Steps = [.. TripSaga.StagesBeforePivot.SelectMany(stage => stage), .. TripSaga.FromPivotOn.SkipLast(1)];

    private static readonly TurnKind[] WaysOfServices = [TurnKind.Refuse, TurnKind.Throw, TurnKind.Away, TurnKind.ReplyLater, TurnKind.ReplyLater, TurnKind.ReplyTwice, TurnKind.ReplyTwice];
    private static readonly TurnKind[] WaysOfActivities = [TurnKind.Refuse, TurnKind.Throw, TurnKind.Away, TurnKind.Hang];

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1.5);

    /// <summary>Longer than a step may take, and shorter than twice that.</summary>
    private static readonly TimeSpan LongestAbsence = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    public static Simulation Simulation { get; } = ParcelInvariants.AddTo(TripInvariants.AddTo(Testing.Simulation.For<SagasApplication>()
        .Workload(clients: 3, RunAsync)
        .DrainsWithin(TimeSpan.FromMinutes(3)))); // A lease, a pause after failures, and some timeouts one after another.

    private static async Task RunAsync(SimulationClient client)
    {
        for (var round = 0; round < Rounds; round++)
        {
            await (client.Random.Next(3) == 0 ? FollowParcelAsync(client) : TakeTripAsync(client));
            await client.DelayAsync(LongestPause * client.Random.NextDouble());
        }
    }

    private static async Task TakeTripAsync(SimulationClient client)
    {
        var trip = new Trip { Name = client.NewGuid().ToString("N"), Turns = ChooseTurns(client) };
        var saga = client.NewGuid();
        var isHasty = client.Random.NextDouble() < HowOftenHasty;
        switch (client.Random.Next(4))
        {
            case 0: // With an id of the toolkit's. Whether it has worked is not known, and it cannot be done again.
                await client.CallAsync((scope, cancellationToken) => StartAsync(scope, trip, id: null, isHasty, times: 1, cancellationToken));
                break;
            case 1: // Again, because somebody has pressed the button twice.
                await InsistAsync(client, (scope, cancellationToken) => StartAsync(scope, trip, saga, isHasty, times: 1, cancellationToken));
                await InsistAsync(client, (scope, cancellationToken) => StartAsync(scope, trip, saga, isHasty, times: 2, cancellationToken));
                break;
            case 2:
                await InsistAsync(client, (scope, cancellationToken) => StartAsync(scope, trip, saga, isHasty, times: 1, cancellationToken));
                break;
            default:
                await WaitForTripAsync(client, trip, saga, isHasty);
                break;
        }

        await PromptAsync(client, trip);
    }

    private static async Task PromptAsync(SimulationClient client, Trip trip)
    {
        await client.DelayAsync(LongestAbsence * client.Random.NextDouble());
        await InsistAsync(client, (scope, cancellationToken) =>
        {
            scope.GetRequiredService<IMessageBus>().Send(new Prompt(trip.Name));
            return scope.GetRequiredService<SagasDb>().SaveChangesAsync(cancellationToken);
        });
    }

    private static Task StartAsync(IServiceProvider scope, Trip trip, Guid? id, bool isHasty, int times, CancellationToken cancellationToken)
    {
        var db = scope.GetRequiredService<SagasDb>();
        var sagas = scope.GetRequiredService<ISagas>();
        for (var i = 0; i < times; i++)
        {
            _ = isHasty ? sagas.Start<HastyTripSaga, Trip>(trip, id) : sagas.Start<TripSaga, Trip>(trip, id);
        }

        db.Deeds.Add(new Deed { Trip = trip.Name, What = Deed.Started });
        return db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Somebody else sees to it that the services reply while this one waits.</summary>
    private static async Task WaitForTripAsync(SimulationClient client, Trip trip, Guid saga, bool isHasty)
    {
        var patience = LongestAbsence * (1 + client.Random.NextDouble());
        SagaOutcome<Trip>? outcome = null;
        var waiting = client.CallAsync(async (scope, cancellationToken) =>
        {
            var sagas = scope.GetRequiredService<ISagas>();
            outcome = isHasty
                ? await sagas.RunAsync<HastyTripSaga, Trip>(trip, patience, saga, cancellationToken)
                : await sagas.RunAsync<TripSaga, Trip>(trip, patience, saga, cancellationToken);
        });
        await PromptAsync(client, trip);
        await waiting;
        if (outcome is { Status: var status })
        {
            await InsistAsync(client, (scope, cancellationToken) =>
            {
                var db = scope.GetRequiredService<SagasDb>();
                db.Outcomes.Add(new Outcome { Saga = saga, Status = status });
                return db.SaveChangesAsync(cancellationToken);
            });
        }
    }

    private static Dictionary<string, Turn> ChooseTurns(SimulationClient client)
    {
        var turns = new Dictionary<string, Turn>();
        var isBad = client.Random.Next(4) > 0;
        foreach (var step in Steps)
        {
            var isActivity = step is "garden" or "insure" or "pack";
            if (isBad && client.Random.NextDouble() < HowOftenBadly)
            {
                turns[step] = ChooseTurn(client, isActivity ? WaysOfActivities : WaysOfServices);
            }

            if (client.Random.NextDouble() < HowOftenUndoneBadly)
            {
                turns[Trip.UndoOf(step)] = ChooseTurn(client, isActivity ? WaysOfActivities : [TurnKind.Throw, TurnKind.Away]);
            }
        }

        return turns;
    }

    private static Turn ChooseTurn(SimulationClient client, TurnKind[] ways)
        => new(ways[client.Random.Next(ways.Length)], client.Random.Next(1, 4), client.Time.GetUtcNow() + (LongestAbsence * client.Random.NextDouble()));

    private static async Task FollowParcelAsync(SimulationClient client)
    {
        var parcel = client.NewGuid().ToString("N");
        var items = client.Random.Next(1, 5);
        var events = Enumerable.Range(1, items).Select(number => ItemOf(parcel, number, client.Random.Next(2))).ToList();
        foreach (var (what, message) in new (string, object)[] { (nameof(Ordered), new Ordered(parcel, $"customer-{client.Random.Next(2)}", items)), (nameof(Paid), new Paid(parcel, $"payment-{parcel}")) })
        {
            // Now and then one is missing, and with it the end.
            if (client.Random.NextDouble() > 0.1)
            {
                events.Insert(client.Random.Next(events.Count + 1), (what, null, message));
            }
        }

        foreach (var (what, shelf, message) in events)
        {
            await InsistAsync(client, (scope, cancellationToken) => PublishAsync(scope, parcel, what, shelf, message, cancellationToken));
            if (client.Random.Next(3) == 0)
            {
                await client.DelayAsync(LongestPause * client.Random.NextDouble());
            }
        }
    }

    private static (string What, string? Shelf, object Message) ItemOf(string parcel, int number, int shelf)
        => ($"item {number}", $"{parcel}/{shelf}", new Packed(parcel, $"{parcel}/{shelf}", $"item {number}"));

    /// <summary>If it was published already, and only that was not known, it is not published again.</summary>
    private static async Task PublishAsync(IServiceProvider scope, string parcel, string what, string? shelf, object message, CancellationToken cancellationToken)
    {
        var db = scope.GetRequiredService<SagasDb>();
        if (await db.Published.AnyAsync(published => published.Parcel == parcel && published.What == what, cancellationToken))
        {
            return;
        }

        db.Published.Add(new PublishedEvent { Parcel = parcel, What = what, Shelf = shelf });
        scope.GetRequiredService<IMessageBus>().Publish(message);
        await db.SaveChangesAsync(cancellationToken);
    }

    private static async Task InsistAsync(SimulationClient client, Func<IServiceProvider, CancellationToken, Task> call)
    {
        for (var attempt = 1; !(await client.CallAsync(call)).HasSucceeded; attempt++)
        {
            if (attempt == Attempts)
            {
                throw new InvalidOperationException($"A call has failed {Attempts} times.");
            }

            await client.DelayAsync(Retry);
        }
    }
}
