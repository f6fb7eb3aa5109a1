using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Endpoints.Limits;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Endpoints;

/// <summary>What waits at an endpoint, how much of it a worker takes, and whether another worker is of use for the rest. Not thread-safe.</summary>
internal sealed class WaitingWork(EndpointDefinition endpoint, Throttle? throttle, TimeProvider time, ILogger logger)
{
    private readonly KeyedQueue<Work> queue = new(static work => work.Lane, static work => work.RunsAlone, UrgencyOf(endpoint, logger));
    private readonly Staffing staffing = new(endpoint.Concurrency, endpoint.MaxGroup, time);
    private bool hasStreams;

    /// <summary>Whether something could be taken now.</summary>
    public bool IsReady => queue.Ready > 0;

    /// <summary>
    /// Whether those that are at work will soon take what waits. What has a permit must not wait, or that is lost; and what shares no transaction
    /// waits for a worker of its own.
    /// </summary>
    public bool WillBeTaken => throttle is null && queue.Ready > 0 && !queue.NextRunsAlone && staffing.IsEnough(queue.Waiting);

    public void Add(Work work)
    {
        hasStreams |= work.Place is not null;
        queue.Add(work);
    }

    /// <summary>Adds one before all that wait in its line.</summary>
    public void AddFirst(Work work) => queue.AddFirst(work);

    /// <summary>Removes and returns what waits and is to go; what runs stays.</summary>
    public List<Work> Remove(Func<Work, bool> goes) => queue.Remove(goes);

    /// <summary>Takes what a worker is to do next; nothing if there is nothing, or if the throttle lets nothing through.</summary>
    public List<Work> Take()
    {
        var group = TakeShare();
        if (group.Count > 0)
        {
            staffing.Begin(group);
        }

        return group;
    }

    /// <summary>
    /// A fair share of what waits, so that no worker idles while another runs a long group. Of streams there may be fewer than workers, and who takes
    /// one takes all that waits in it: then the lines are shared out too.
    /// </summary>
    private List<Work> TakeShare()
    {
        var useful = staffing.Useful(queue.Waiting);
        useful = hasStreams ? Math.Clamp(queue.Ready, 1, useful) : useful;
        var share = (queue.Waiting + useful - 1) / useful;
        var mostLines = hasStreams ? Math.Max(1, (queue.Ready + useful - 1) / useful) : int.MaxValue;
        var most = Math.Clamp(share, 1, staffing.MostInGroup);
        return throttle?.Take(queue, most, mostLines) ?? queue.Take(most, maxLines: mostLines);
    }

    /// <summary>Handlers have run: how long they took is what the next ones are expected to take.</summary>
    public void Observe(List<Work> group)
    {
        foreach (var work in group)
        {
            if (work.HandlerTime is { } handlerTime)
            {
                staffing.Observe(handlerTime);
            }
        }
    }

    /// <summary>Ends a group that was taken.</summary>
    /// <param name="group">What <see cref="Take"/> returned.</param>
    /// <param name="again">Those of the group to be run again, in their order, and whether their line is to pause.</param>
    /// <returns>The lines that pause until <see cref="Resume"/>, in the order of the items that pause.</returns>
    public IReadOnlyList<KeyedQueue<Work>.Line> Complete(List<Work> group, IReadOnlyList<(Work Item, bool Pauses)> again)
    {
        staffing.End(group, group.Count);
        return queue.Complete(group, again);
    }

    /// <summary>Ends the pause of a line.</summary>
    public void Resume(KeyedQueue<Work>.Line line) => queue.Resume(line);

    private static Func<Work, bool>? UrgencyOf(EndpointDefinition endpoint, ILogger logger) => endpoint.IsUrgent is not { } isUrgent ? null : work =>
    {
        try
        {
            return work.IsUrgent ??= isUrgent(work.Delivery.Envelope);
        }
        catch (Exception exception)
        {
            // The application's own predicate: its message must not be lost because of it.
            logger.UrgencyUnknown(endpoint.Name, work.Delivery.Envelope.Id, work.Delivery.Envelope.Type, exception);
            work.IsUrgent = false;
            return false;
        }
    };
}
