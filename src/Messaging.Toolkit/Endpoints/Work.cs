using System.Diagnostics;
using Messaging.Toolkit.Endpoints.Limits;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Streams;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Endpoints;

/// <summary>A delivery on its way through an endpoint, and what has happened to it here so far.</summary>
internal sealed class Work(Delivery delivery, IReceiver receiver, Intake? intake = null)
{
    public Delivery Delivery { get; } = delivery;

    /// <summary>Where it is in its stream; null if it comes from none, or was parked since.</summary>
    public StreamPlace? Place => Delivery.Place;

    /// <summary>
    /// What it waits in line with: the messages of its key, or those of its stream, where a later one must not be settled before it. Null if it may be handled
    /// beside any other.
    /// </summary>
    public string? Lane { get; } = delivery.Place is { } place ? "\0" + place.Position.Stream : delivery.Envelope.Key;

    /// <summary>The one it came from and is settled with.</summary>
    public IReceiver Receiver { get; } = receiver;

    /// <summary>Where it came in; null if it was parked.</summary>
    public Intake? Intake { get; } = intake;

    /// <summary>What is known of it if it was parked; null if it comes from the transport.</summary>
    public ParkedMessage? Parked { get; } = (delivery as ParkedDelivery)?.Message;

    /// <summary>How often its handlers have failed, here and in other processes. What the store has failed with is waited out, and is no attempt.</summary>
    public int Attempts => (Parked?.Attempts ?? 0) + Failures;

    /// <summary>How many delays of its ladder are used up.</summary>
    public int Delays => Parked?.Delays ?? 0;

    /// <summary>How often its handlers have failed.</summary>
    public int Failures { get; set; }

    /// <summary>How many of these failures were of a step that can be given up. It has attempts of its own, and so has what goes on without it.</summary>
    public int FailuresOfStep { get; private set; }

    /// <summary>How many of them were not.</summary>
    public int OtherFailures { get; private set; }

    /// <summary>In the current attempt they have been called: before that, no failure is theirs.</summary>
    public bool IsHandling { get; set; }

    /// <summary>In the current attempt they have returned: what failed afterwards is their save or its commit.</summary>
    public bool IsHandled { get; set; }

    /// <summary>How often they have failed because of the store, in the middle of their work.</summary>
    public int FailuresByStore { get; set; }

    /// <summary>How often the store has failed under them.</summary>
    public int StoreFailures { get; set; }

    /// <summary>How long the last attempt in which its handlers ran took until they had ended; null if they never did.</summary>
    public TimeSpan? HandlerTime { get; set; }

    /// <summary>It was in a group that failed, or was parked: it has a transaction to itself.</summary>
    public bool RunsAlone { get; set; } = delivery is ParkedDelivery;

    /// <summary>How it ends without its handlers; it waits only for this to be written.</summary>
    public Ending? Ending { get; set; }

    /// <summary>Its ending was about to be written and nobody knows whether it was.</summary>
    public bool IsEndingUnsure { get; set; }

    /// <summary>The failure for which it counts as handled, without any effect.</summary>
    public string? IgnoredFailure { get; set; }

    /// <summary>The stored instances that it is for.</summary>
    public IReadOnlyList<Guid> Instances { get; set; } = [];

    /// <summary>Why it was not let through in the current attempt: somebody else has one of them.</summary>
    public Verdict? Refusal { get; set; }

    /// <summary>Its place in the line of one of them.</summary>
    public InstanceGate.Ticket? Ticket { get; set; }

    /// <summary>What has failed for good in it and is not tried again, while the message is.</summary>
    public IReadOnlyList<StepFailedException> GivenUp { get; private set; } = [];

    /// <summary>What its handlers want to be done when their transaction has committed.</summary>
    public Action? AfterCommit { get; set; }

    /// <summary>Giving it up leaves its instances without what they wait for.</summary>
    public bool LeavesStuck { get; set; }

    /// <summary>What its handlers have failed with in the current attempt; null if they have not, or it was the store.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What it was let through with for the current attempt.</summary>
    public Passage Passage { get; set; }

    /// <summary>Whether it goes before others; null before somebody has asked.</summary>
    public bool? IsUrgent { get; set; }

    /// <summary>In the current attempt its time was over, and its handlers were not called.</summary>
    public bool HasExpired { get; set; }

    /// <summary>When the current attempt began, by the steady clock; null before it has.</summary>
    public long? Begun { get; set; }

    /// <summary>The span of the current attempt; null if nobody listens.</summary>
    public Activity? Span { get; set; }

    /// <summary>What has gone wrong in the current attempt, as spans and metrics tell it; null if nothing has.</summary>
    public string? ErrorType { get; set; }

    /// <summary>The message and its handlers, once the body has been read.</summary>
    public (object Message, IReadOnlyList<HandlerBinding> Handlers)? Read { get; set; }

    /// <summary>Counts a failure of the handlers. Returns how many there were of its kind.</summary>
    public int CountFailure(Exception failure)
    {
        Failures++;
        return failure is StepFailedException ? ++FailuresOfStep : ++OtherFailures;
    }

    /// <summary>Gives up a step, so that the next attempt does without. False if that was done before, and has not helped.</summary>
    public bool GiveUp(StepFailedException failure)
    {
        if (GivenUp.Any(known => known.IsOf(failure.Saga, failure.Effect)))
        {
            return false;
        }

        GivenUp = [.. GivenUp, failure];
        FailuresOfStep = 0;
        RunsAlone = true;
        return true;
    }
}

/// <summary>What is to be done with a delivery after an attempt.</summary>
internal readonly record struct Verdict
{
    /// <summary>It is handled, was a duplicate, or is in the dead letters.</summary>
    public static readonly Verdict Done = new() { Settlement = Transports.Settlement.Done };

    /// <summary>The host stops: it comes again, here or elsewhere.</summary>
    public static readonly Verdict Abandon = new() { Settlement = Transports.Settlement.Abandon };

    /// <summary>How to settle it, or null if it is to be tried again.</summary>
    public Settlement? Settlement { get; private init; }

    /// <summary>The pause before it is tried again. Its key waits with it, nobody else does.</summary>
    public TimeSpan Pause { get; private init; }

    /// <summary>What ends the pause early; null if nothing does.</summary>
    public Signal? Turn { get; private init; }

    public static Verdict Again(TimeSpan pause = default, Signal? turn = null) => new() { Pause = pause, Turn = turn };
}
