using System.Diagnostics;
using Messaging.Toolkit.Diagnostics.Measuring;

namespace Messaging.Toolkit.Diagnostics.Tracing;

/// <summary>
/// Starts and ends spans. Whoever listens to them is somebody else's code: if it throws, the span is missing and nothing else happens. While nobody listens there are no
/// spans, and nothing is allocated.
/// </summary>
internal sealed class MessagingTracer(ListenerGuard guard, TimeProvider time)
{
    private static readonly ActivitySource Source = new(MessagingDiagnostics.ActivitySourceName, MessagingDiagnostics.Version);

    /// <summary>Whether it is worth the trouble to say what a span is to have.</summary>
    public static bool IsListened => Source.HasListeners();

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>
    /// Starts a span, which is <see cref="Activity.Current"/> then; null if nobody wants it.
    /// </summary>
    /// <param name="name">The operation, and where it goes.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="parent">The span that it is a child of; none for a trace of its own, whatever the present span is.</param>
    /// <param name="tags">What samplers may decide by.</param>
    /// <param name="links">Spans that it belongs to as well.</param>
    /// <param name="started">When it began; now by default.</param>
    public Activity? Start(
        string name, ActivityKind kind, ActivityContext parent, TagList tags, IEnumerable<ActivityLink>? links = null, DateTimeOffset? started = null)
    {
        var before = Activity.Current;
        try
        {
            // Without a parent the present span would be taken for it: a loop's, say, that was started within a request.
            Activity.Current = null;
            if (Source.StartActivity(kind, parent, tags, links, started ?? Now, name) is { } activity)
            {
                return activity;
            }
        }
        catch (Exception exception)
        {
            guard.Report(exception);
        }

        GoBackTo(before);
        return null;
    }

    /// <summary>Ends a span. What was the present one before it is so again.</summary>
    /// <param name="activity">The span.</param>
    /// <param name="errorType">What has gone wrong; null for nothing. No more of it is told: an exception's message may quote what nobody else should read.</param>
    /// <param name="next">The span that is the present one afterwards.</param>
    public void End(Activity activity, string? errorType, Activity? next)
    {
        try
        {
            if (errorType is not null)
            {
                activity.SetTag(TagNames.ErrorType, errorType).SetStatus(ActivityStatusCode.Error);
            }

            activity.SetEndTime(Now.UtcDateTime);
            activity.Stop();
        }
        catch (Exception exception)
        {
            guard.Report(exception);
        }

        GoBackTo(next);
    }

    /// <summary>Makes a span the present one. Who listens to that may throw too.</summary>
    public void GoBackTo(Activity? activity)
    {
        try
        {
            Activity.Current = activity;
        }
        catch (Exception exception)
        {
            guard.Report(exception);
        }
    }
}
