using System.Diagnostics;
using Messaging.Toolkit.Diagnostics.Measuring;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// What is told of the deliveries of one endpoint: that they have come, and of each attempt how long it took and how it ended. An attempt lasts from before its first handler
/// until it is settled, and so do its span and its duration. Thread-safe; throws nothing.
/// </summary>
/// <param name="endpoint">The endpoint.</param>
/// <param name="system">The kind of transport by which it gets what is for it alone: what is said of messages that were parked.</param>
/// <param name="addresses">What places are called.</param>
/// <param name="tracer">Makes spans.</param>
/// <param name="metrics">Counts and measures.</param>
/// <param name="isLinked">Whether the span of a delivery is only linked to the one in which the message was made, and not its child.</param>
/// <param name="time">The clock.</param>
internal sealed class DeliveryTelemetry(string endpoint, string system, Addresses addresses, MessagingTracer tracer, ClientMetrics metrics, bool isLinked, TimeProvider time)
{
    /// <summary>A transport has brought messages.</summary>
    public void Received(Intake intake, IReadOnlyList<Delivery> deliveries)
    {
        if (metrics.CountsConsumed)
        {
            foreach (var delivery in deliveries)
            {
                metrics.Consumed(intake.System, addresses.OnMetrics(delivery.Envelope), endpoint);
            }
        }
    }

    /// <summary>
    /// An attempt begins, and its span is the present one. Call it in a method that is awaited: when that returns, the caller's span is the present one again. One that has
    /// begun before and was not ended was rolled back by the store, which has begun again. Returns when it has begun, by the steady clock.
    /// </summary>
    public long Begin(Work work)
    {
        if (work.Span is { } former)
        {
            former.SetTag(TagNames.Outcome, Outcomes.RolledBack);
            tracer.End(former, work.ErrorType, next: null);
        }

        work.ErrorType = null;
        var begun = time.GetTimestamp();
        work.Begun = begun;
        work.Span = MessagingTracer.IsListened ? Start(work) : null;
        return begun;
    }

    /// <summary>An attempt has ended before it came to a handler.</summary>
    public void Refuse(Work work, string errorType)
    {
        var present = Activity.Current;
        Begin(work);
        work.ErrorType = errorType;
        if (work.Span is not null)
        {
            tracer.GoBackTo(present);
        }
    }

    /// <summary>Something has failed in an attempt. What failed first counts.</summary>
    public static void Fail(Work work, Exception exception)
    {
        if (work.Begun is not null)
        {
            work.ErrorType ??= (exception is StepFailedException { InnerException: { } inner } ? inner : exception).GetType().FullName;
        }
    }

    /// <summary>What was attempted has its verdicts and is settled.</summary>
    public void End(IReadOnlyList<Work> group, Verdict[] verdicts)
    {
        for (var i = 0; i < group.Count; i++)
        {
            if (group[i].Begun is { } begun)
            {
                End(group[i], OutcomeOf(group[i], verdicts[i]), time.GetElapsedTime(begun));
            }
        }
    }

    /// <summary>Deliveries were settled, or could not be. Of parked ones there is no client to speak of.</summary>
    public void Settled(Intake? intake, long begun, Exception? failure)
    {
        if (intake is not null)
        {
            metrics.Settled(intake.System, endpoint, time.GetElapsedTime(begun), failure?.GetType().FullName);
        }
    }

    private void End(Work work, string outcome, TimeSpan duration)
    {
        work.Begun = null;
        if (outcome == Outcomes.Abandoned)
        {
            // The host stops: that its handler was cancelled is no failure of anybody's.
            work.ErrorType = null;
        }

        if (metrics.MeasuresProcessing)
        {
            metrics.Processed(SystemOf(work), addresses.OnMetrics(work.Delivery.Envelope), endpoint, duration, work.ErrorType);
        }

        if (outcome == Outcomes.Handled)
        {
            metrics.Lagged(endpoint, time.GetUtcNow() - work.Delivery.Envelope.Time);
        }

        if (work.Span is { } span)
        {
            work.Span = null;
            span.SetTag(TagNames.Outcome, outcome);
            tracer.End(span, work.ErrorType, next: Activity.Current);
        }
    }

    private Activity? Start(Work work)
    {
        var envelope = work.Delivery.Envelope;
        var address = addresses.Of(envelope);
        var tags = new TagList
        {
            { TagNames.System, SystemOf(work) },
            { TagNames.Operation, Operations.Process },
            { TagNames.OperationType, Operations.Process },
            { TagNames.Destination, address },
            { TagNames.Group, endpoint },
            { TagNames.MessageType, envelope.Type },
            { TagNames.MessageId, envelope.Id.ToString() },
            { TagNames.ConversationId, envelope.ConversationId.ToString() },
            { TagNames.Attempt, work.Attempts + 1 },
        };
        var isKnown = TraceContext.TryParse(envelope.TraceParent, envelope.TraceState, out var creation);
        return tracer.Start($"{Operations.Process} {address}", ActivityKind.Consumer, isKnown && !isLinked ? creation : default, tags, isKnown && isLinked ? [new ActivityLink(creation)] : null);
    }

    private string SystemOf(Work work) => work.Intake?.System ?? system;

    private static string OutcomeOf(Work work, Verdict verdict) => verdict.Settlement switch
    {
        null => Outcomes.Retried,
        Settlement.Abandon => Outcomes.Abandoned,
        _ when work.HasExpired => Outcomes.Expired,
        _ when work.Ending is Ending.Dies => Outcomes.DeadLettered,
        _ when work.Ending is Ending.Waits => Outcomes.Parked,
        _ when work.IgnoredFailure is not null => Outcomes.Ignored,
        _ => Outcomes.Handled,
    };

    /// <summary>How an attempt ends.</summary>
    private static class Outcomes
    {
        public const string Handled = "handled";
        public const string Retried = "retried";
        public const string Parked = "parked";
        public const string DeadLettered = "dead_lettered";
        public const string Expired = "expired";
        public const string Ignored = "ignored";
        public const string Abandoned = "abandoned";
        public const string RolledBack = "rolled_back";
    }
}
