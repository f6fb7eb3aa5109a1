using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Measuring;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Hosting;

/// <summary>
/// What runs in the background for one store: its leases, its housekeeping, and a relay for each transport, so that one that is down or slow has nothing
/// to do with the others.
/// </summary>
internal sealed class StoreRunner
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly IMessageStore store;
    private readonly OutboxOptions options;
    private readonly Housekeeper housekeeper;
    private readonly List<(OutboxRelay Relay, Signal Wake)> relays = [];
    private readonly LeaseKeeper leases;
    private readonly WorkState leasing;
    private readonly SagaTimeouts? timeouts;
    private readonly SagaCensus? census;
    private readonly WorkState? timing;
    private readonly ScheduleMover mover;
    private readonly WorkState scheduling;
    private readonly RecurringSchedules? recurring;
    private readonly WorkState? ticking;
    private readonly StoreWatch watch;
    private readonly TimeProvider time;
    private readonly EntropySource entropy;
    private readonly ILogger logger;
    private readonly CancellationTokenSource stopping = new();
    private Task background = Task.CompletedTask;

    public StoreRunner(
        IMessageStore store, string owner, Destinations destinations, TransportCollection transports, OutgoingMessages outgoing, MessagingModel model,
        TimeProvider time, EntropySource entropy, MessagingMetrics metrics, MessagingTracer tracer, Addresses addresses, BackgroundWork work, ILogger logger)
    {
        this.store = store;
        this.time = time;
        this.entropy = entropy;
        this.logger = logger;
        options = model.Outbox;
        leases = new LeaseKeeper(store, owner, options, Wake, time, metrics, logger);
        foreach (var transport in transports.All.Where(transport => !transports.AreSeveral || destinations.Of(transport).Count > 0))
        {
            var name = transports.AreSeveral ? $"{store.Name} to {transport.Name}" : store.Name;
            var wake = new Signal(time);
            var telemetry = new RelayTelemetry(store.Name, transport, addresses, tracer, metrics, time);
            relays.Add((new OutboxRelay(store, name, transport, outgoing, leases, destinations.Of(transport), options, wake, time, entropy, metrics, telemetry, logger, work.Add($"outbox of {name}")), wake));
        }

        leasing = work.Add($"leases of {store.Name}");
        var endpoints = model.Endpoints.Where(endpoint => (endpoint.Store ?? store.Name) == store.Name).ToList();
        housekeeper = new Housekeeper(store, leases, destinations.All, [.. endpoints.Select(endpoint => endpoint.Name)], model.Inbox, model.Sagas, model.Journal, time, logger);
        scheduling = work.Add($"schedule of {store.Name}");
        mover = new ScheduleMover(store, leases, model.Scheduling, time, metrics, scheduling);
        var schedules = model.Recurring.Where(schedule => (schedule.Store ?? store.Name) == store.Name).ToList();
        if (schedules.Count > 0)
        {
            ticking = work.Add($"recurring schedules of {store.Name}");
            recurring = new RecurringSchedules(store, schedules, outgoing, model.Scheduling, time, ticking);
        }

        var sagaEndpoints = endpoints.Where(endpoint => endpoint.Instances.Count > 0).ToList();
        if (sagaEndpoints.Count > 0)
        {
            timing = work.Add($"timeouts of {store.Name}");
            timeouts = new SagaTimeouts(store, sagaEndpoints.SelectMany(endpoint => endpoint.Instances, (endpoint, definition) => (definition.Name, endpoint.Name)).ToDictionary(), outgoing, model.Sagas, time);
            census = new SagaCensus(store, [.. sagaEndpoints.SelectMany(endpoint => endpoint.Instances)], () => leases.KeepsHouse, work.Add($"sagas of {store.Name}"), model.Inbox.CleanupInterval, time, logger);
        }


        watch = new StoreWatch(store, model.Observability, time);
        metrics.Stores.Add(new ObservedStore(store.Name, watch, () => leases.Buckets.Count, () => census?.Latest, model.Observability, time));
    }

    public void Start()
    {
        store.MessagesCommitted += Wake;
        store.Schedule.Scheduled += mover.OnScheduled;
        Watch(mover);
        background = Task.WhenAll(
            NewLoop("leases", options.HeartbeatInterval, leasing).RunAsync(KeepLeasesAsync, stopping.Token),
            NewLoop("measuring", options.MaxBackoff).RunAsync(watch.RunOnceAsync, stopping.Token),
            NewLoop("housekeeping", options.MaxBackoff).RunAsync(housekeeper.RunOnceAsync, stopping.Token),
            NewLoop("schedule", options.MaxBackoff, scheduling).RunAsync(mover.RunOnceAsync, stopping.Token),
            recurring is null ? Task.CompletedTask : NewLoop("recurring schedules", options.MaxBackoff, ticking).RunAsync(recurring.RunOnceAsync, stopping.Token),
            timeouts is null ? Task.CompletedTask : NewLoop("timeouts", options.MaxBackoff, timing).RunAsync(timeouts.RunOnceAsync, stopping.Token),
            census is null ? Task.CompletedTask : NewLoop("sagas", options.MaxBackoff).RunAsync(census.RunOnceAsync, stopping.Token));
        relays.ForEach(each => each.Relay.Start());
    }

    public Task StopSendingAsync(CancellationToken cancellationToken) => Task.WhenAll(relays.Select(each => each.Relay.StopSendingAsync(cancellationToken)));

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        store.MessagesCommitted -= Wake;
        store.Schedule.Scheduled -= mover.OnScheduled;
        Watch(null);
        await Task.WhenAll(relays.Select(each => each.Relay.StopAsync(cancellationToken)));
        stopping.Cancel();
        await background;
        await ReleaseLeasesAsync();
    }

    private void Watch(IScheduleWatcher? watcher)
    {
        if (store.Schedule is IWatchedSchedule schedule)
        {
            schedule.Watcher = watcher;
        }
    }

    private void Wake() => relays.ForEach(each => each.Wake.Set());

    private async Task KeepLeasesAsync(CancellationToken cancellationToken)
    {
        var keptHouse = leases.KeepsHouse;
        await leases.RunOnceAsync(cancellationToken);
        leasing.Works();
        if (leases.KeepsHouse && !keptHouse)
        {
            // Something may be due already.
            mover.OnScheduled(TimeSpan.Zero);
        }

        await Task.Delay(options.HeartbeatInterval, time, cancellationToken);
    }

    private async Task ReleaseLeasesAsync()
    {
        // Worth a moment even when the host is in a hurry: otherwise the others wait for the leases to expire.
        using var limit = new CancellationTokenSource(LastWords, time);
        try
        {
            await leases.ReleaseAllAsync(limit.Token);
        }
        catch (Exception exception)
        {
            logger.ReleaseFailed(store.Name, options.LeaseDuration, exception);
        }
    }

    private Loop NewLoop(string name, TimeSpan longestPause, WorkState? state = null) => new($"{store.Name}: {name}", time, entropy, longestPause, logger, state);
}
