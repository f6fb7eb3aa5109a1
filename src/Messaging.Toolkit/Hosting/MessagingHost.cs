using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Endpoints.Limits;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Hosting;

/// <summary>
/// Runs everything with the host. Start-up checks what can be checked and touches no database: an application starts
/// while its database is down, and goes to work when it comes.
/// </summary>
internal sealed class MessagingHost(
    MessagingModel model, StoreCollection stores, ITransport transport, Destinations destinations, OutgoingMessages outgoing, MessageIds ids,
    TimeProvider time, EntropySource entropy, MessagingMetrics metrics, BackgroundWork work, ILoggerFactory loggers, IServiceProvider services) : IHostedService
{
    private readonly ILogger logger = new SafeLogger(loggers.CreateLogger("Messaging.Toolkit"));
    private readonly List<EndpointRunner> endpoints = [];
    private readonly List<StoreRunner> relays = [];
    private bool stopped;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var errors = stores.All.SelectMany(store => store.Validate()).ToList();
        if (errors.Count > 0)
        {
            throw new MessagingConfigurationException(errors);
        }

        if (!model.Outbox.RelayHere)
        {
            return Task.CompletedTask;
        }

        var owner = $"{Environment.MachineName}/{Environment.ProcessId}/{ids.New():N}";
        foreach (var endpoint in model.Endpoints)
        {
            var processor = new DeliveryProcessor(endpoint, stores.Get(endpoint.Store), model, outgoing, time, entropy, metrics, logger);
            endpoints.Add(new EndpointRunner(endpoint, transport, processor, time, entropy, logger, work.Add($"endpoint {endpoint.Name}"), ThrottleOf(endpoint)));
        }

        foreach (var store in stores.All)
        {
            // Each under a name of its own: two contexts may share their tables, and must share the buckets then.
            relays.Add(new StoreRunner(store, $"{owner}/{relays.Count}", destinations.All, transport, outgoing, model, time, entropy, metrics, work, logger));
        }

        endpoints.ForEach(endpoint => endpoint.Start());
        relays.ForEach(relay => relay.Start());
        logger.Started(owner, endpoints.Count, string.Join(", ", stores.All.Select(store => store.Name)), transport.Name);
        return Task.CompletedTask;
    }

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
        await Task.WhenAll(relays.Select(relay => relay.StopSendingAsync(cancellationToken)));
        await Task.WhenAll(endpoints.Select(endpoint => endpoint.StopAsync(cancellationToken)));
        await Task.WhenAll(relays.Select(relay => relay.StopAsync(cancellationToken)));
        if (cancellationToken.IsCancellationRequested)
        {
            logger.StoppedEarly();
        }

        logger.Stopped();
    }
}
