using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Health;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Endpoints.Limits;
using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Hosting;

/// <summary>
/// Runs everything with the host. Start-up checks what can be checked and touches no database, unless a journal is kept, whose table is looked for: an application
/// starts while its database is down, and goes to work when it comes.
/// </summary>
internal sealed class MessagingHost(
    MessagingModel model, StoreCollection stores, TransportCollection transports, Destinations destinations, OutgoingMessages outgoing, MessageIds ids,
    TimeProvider time, EntropySource entropy, MessagingMetrics metrics, MessagingTracer tracer, Addresses addresses, BackgroundWork work, ParkingAlarms alarms, Reporter reporter, ILoggerFactory loggers,
    IServiceProvider services) : IHostedService
{
    private readonly ILogger logger = new SafeLogger(loggers.CreateLogger("Messaging.Toolkit"));
    private readonly List<EndpointRunner> endpoints = [];
    private readonly List<StoreRunner> relays = [];
    private readonly CancellationTokenSource stopRetrying = new();
    private Task retrying = Task.CompletedTask;
    private Task opening = Task.CompletedTask;
    private bool stopped;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var errors = stores.All.SelectMany(store => store.Validate()).Concat(destinations.Validate()).Concat(ValidateHealth()).ToList();
        if (errors.Count > 0)
        {
            throw new MessagingConfigurationException(errors);
        }

        if (logger.IsEnabled(LogLevel.Information))
        {
            logger.Report(reporter.Describe().ToString());
        }

        await OpenJournalsAsync(cancellationToken);
        if (!model.Outbox.RelayHere)
        {
            return;
        }

        var owner = $"{Environment.MachineName}/{Environment.ProcessId}/{ids.New():N}";
        var retries = new List<(string Name, WorkState State, ParkedRetries Retries)>();
        foreach (var ofStore in model.Endpoints.GroupBy(endpoint => stores.Get(endpoint.Store)))
        {
            var alarm = alarms.Of(ofStore.Key);
            var runners = ofStore.Select(endpoint => NewRunner(endpoint, ofStore.Key, alarm)).ToList();
            endpoints.AddRange(runners);
            var state = work.Add($"retries of {ofStore.Key.Name}");
            retries.Add(($"{ofStore.Key.Name}: retries", state, new ParkedRetries(ofStore.Key, runners, ParkedRetries.IntervalFor(model.Outbox.MaxPollInterval), alarm, state, time, logger)));
        }

        foreach (var store in stores.All)
        {
            // Each under a name of its own: two contexts may share their tables, and must share the buckets then.
            relays.Add(new StoreRunner(store, $"{owner}/{relays.Count}", destinations, transports, outgoing, model, time, entropy, metrics, tracer, addresses, work, logger));
        }

        endpoints.ForEach(endpoint => endpoint.Start());
        relays.ForEach(relay => relay.Start());
        retrying = Task.WhenAll(retries.Select(each =>
            new Loop(each.Name, time, entropy, model.Outbox.MaxBackoff, logger, each.State).RunAsync(each.Retries.RunOnceAsync, stopRetrying.Token)));
        logger.Started(owner, endpoints.Count, string.Join(", ", stores.All.Select(store => store.Name)), string.Join(", ", transports.All.Select(transport => transport.Name)));
    }

    /// <summary>Now if the databases are there, so that the journal has what is published first; otherwise later.</summary>
    private async Task OpenJournalsAsync(CancellationToken cancellationToken)
    {
        if (model.Journal is null)
        {
            return;
        }

        var openings = stores.All.Select(store => (store.Name, Opening: new JournalOpening(store, time, logger))).ToList();
        await Task.WhenAll(openings.Select(each => each.Opening.TryAsync(cancellationToken)));
        opening = Task.WhenAll(openings.Select(each => new Loop($"{each.Name}: journal", time, entropy, model.Outbox.MaxBackoff, logger).RunAsync(each.Opening.RunOnceAsync, stopRetrying.Token)));
    }

    private IEnumerable<string> ValidateHealth() => services.GetServices<MessagingHealthRegistration>().SelectMany(registration => registration.Options.Validate(model.Observability.CountUpTo));

    private EndpointRunner NewRunner(EndpointDefinition endpoint, IMessageStore store, ParkingAlarm alarm)
    {
        var system = NamedTransport.SystemOf(transports.Get(endpoint.Via));
        var telemetry = new DeliveryTelemetry(endpoint.Name, system, addresses, tracer, metrics.Client, model.Observability.LinkDeliveries, time);
        var processor = new DeliveryProcessor(endpoint, store, model, outgoing, alarm, time, entropy, metrics, telemetry, logger);
        var intakes = endpoint.ReceivesFrom.Select(transports.Get).Distinct().Select(transport => NewIntake(endpoint, transport));
        return new EndpointRunner(endpoint, [.. intakes], store, processor, alarm, time, entropy, telemetry, logger, ThrottleOf(endpoint));
    }

    private Intake NewIntake(EndpointDefinition endpoint, ITransport transport)
        => new(transport, transports, work.Add(transports.AreSeveral ? $"endpoint {endpoint.Name} from {transport.Name}" : $"endpoint {endpoint.Name}"), time);

    private Throttle? ThrottleOf(EndpointDefinition endpoint)
    {
        if (endpoint is { CircuitBreaker: null, Rate: null, RateLimiter: null })
        {
            return null;
        }

        var limiter = endpoint.Rate is { } rate ? new TokenBucket(rate.Permits, rate.Per, time) : endpoint.RateLimiter?.Invoke(services);
        var circuit = endpoint.CircuitBreaker is null ? null : work.Add($"circuit of endpoint {endpoint.Name}");
        return new Throttle(endpoint, limiter, time, metrics, logger, circuit);
    }

    /// <summary>
    /// First nothing new is taken; then what runs may finish, and what is done is confirmed, until the token fires; last the
    /// leases are given up, so that other processes take over at once.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (stopped)
        {
            return;
        }

        stopped = true;
        stopRetrying.Cancel();
        await Task.WhenAll(relays.Select(relay => relay.StopSendingAsync(cancellationToken)));
        await retrying;
        await opening;
        await Task.WhenAll(endpoints.Select(endpoint => endpoint.StopAsync(cancellationToken)));
        await Task.WhenAll(relays.Select(relay => relay.StopAsync(cancellationToken)));
        if (cancellationToken.IsCancellationRequested)
        {
            logger.StoppedEarly();
        }

        logger.Stopped();
    }
}
