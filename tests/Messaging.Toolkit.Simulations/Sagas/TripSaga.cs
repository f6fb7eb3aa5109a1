using Messaging.Toolkit.Sagas;

namespace Messaging.Toolkit.Simulations.Sagas;

/// <summary>A saga of every kind of step.</summary>
internal class TripSaga : Saga<Trip>
{
    public const string Name = "trips.trip";

    public static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(3);

    public static readonly TimeSpan ActivityTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Before the pivot, stage by stage: what of it is done can be undone.</summary>
    public static readonly IReadOnlyList<string[]> StagesBeforePivot = [["flight"], ["hotel", "car", "garden"]];

    /// <summary>The pivot, and what comes behind it.</summary>
    public static readonly IReadOnlyList<string> FromPivotOn = ["pay", "ticket", "insure", "pack", "tell"];

    protected override void Define(ISagaBuilder<Trip> saga) => Build(saga.Named(Name));

    /// <remarks>
    /// The car has no timeout: if nobody tells what has become of its command, the saga hangs. Two activities follow each other, and must
    /// not get into one transaction. It is tried so often that nothing is given up because of what the faults do.
    /// </remarks>
    protected static void Build(ISagaBuilder<Trip> saga) => saga
        .Retry(30, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4))
        .Step("flight", s => s
            .Send(trip => trip.Book("flight"))
            .Succeeds<Booked>(Confirm).Fails<Refused>(reply => reply.Reason)
            .Timeout(StepTimeout)
            .Compensate(trip => trip.Cancel("flight")))
        .Parallel("stay", p => p
            .Step("hotel", s => s
                .Send(trip => trip.Book("hotel"))
                .Succeeds<Booked>(Confirm).Fails<Refused>(reply => reply.Reason)
                .Timeout(StepTimeout)
                .Compensate(trip => trip.Cancel("hotel")))
            .Step("car", s => s
                .Send(trip => trip.Book("car"))
                .Succeeds<Booked>(Confirm).Fails<Refused>(reply => reply.Reason)
                .Compensate(trip => trip.Cancel("car")))
            .Step("garden", s => s.Run<PlanGarden>().Timeout(ActivityTimeout).Compensate<ForgetGarden>()))
        .Pivot("pay", s => s
            .Send(trip => trip.Book("pay"))
            .Succeeds<Booked>(Confirm).Fails<Refused>(reply => reply.Reason)
            .Timeout(StepTimeout))
        .Step("ticket", s => s
            .Send(trip => trip.Book("ticket"))
            .Succeeds<Booked>(Confirm).Fails<Refused>(reply => reply.Reason)
            .Timeout(StepTimeout))
        .Step("insure", s => s.Run<Insure>().Timeout(ActivityTimeout))
        .Step("pack", s => s.Run<PackBags>().Timeout(ActivityTimeout))
        .Step("tell", s => s.Publish(trip => new TripReady(trip.Name)));

    private static void Confirm(Trip trip, Booked reply) => trip.Confirmations.Add(reply.Step);
}

/// <summary>The same in a hurry: the whole has a timeout, which meets it anywhere.</summary>
internal sealed class HastyTripSaga : TripSaga
{
    public const string HastyName = "trips.hasty";

    public static readonly TimeSpan WholeTimeout = TimeSpan.FromSeconds(4);

    protected override void Define(ISagaBuilder<Trip> saga) => Build(saga.Named(HastyName).Timeout(WholeTimeout));
}

/// <summary>Leaves its row before it fails: the row must go with it.</summary>
internal abstract class TripActivity(SagasDb db, TimeProvider time, string what) : ISagaActivity<Trip>
{
    public async Task<ActivityResult> ExecuteAsync(Trip state, ActivityContext context, CancellationToken cancellationToken)
    {
        db.Deeds.Add(new Deed { Trip = state.Name, What = what, Message = context.Message.MessageId });
        state.Confirmations.Add(what);
        var turn = state.TurnOf(what);
        switch (turn.Kind)
        {
            case TurnKind.Refuse when context.Attempt <= turn.Times:
                return ActivityResult.Failed($"no {what}");

            case TurnKind.Throw when context.Message.Attempt <= turn.Times:
            case TurnKind.Away when time.GetUtcNow() < turn.Until:
                throw new InvalidOperationException("The client wants it to throw.");

            case TurnKind.Hang when context.Attempt <= turn.Times:
                await Task.Delay(TripSaga.ActivityTimeout * 2, time, cancellationToken);
                return ActivityResult.Done;

            default:
                return ActivityResult.Done;
        }
    }
}

internal sealed class PlanGarden(SagasDb db, TimeProvider time) : TripActivity(db, time, "garden");

internal sealed class ForgetGarden(SagasDb db, TimeProvider time) : TripActivity(db, time, Trip.UndoOf("garden"));

internal sealed class Insure(SagasDb db, TimeProvider time) : TripActivity(db, time, "insure");

internal sealed class PackBags(SagasDb db, TimeProvider time) : TripActivity(db, time, "pack");
