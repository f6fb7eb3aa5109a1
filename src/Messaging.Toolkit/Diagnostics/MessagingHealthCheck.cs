using Messaging.Toolkit.Diagnostics.Health;
using Messaging.Toolkit.Diagnostics.Measuring;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>
/// Says whether every endpoint receives, every outbox is sent and every store's leases are kept; and, added by
/// <see cref="MessagingHealthChecksBuilderExtensions.AddMessaging">services.AddHealthChecks().AddMessaging()</see>, whether too much waits, by thresholds. As soon as one of them cannot, or has
/// not begun yet, it reports the failure status that it was registered with, unhealthy by default, and which it is and why. One that is held up by its own limits, such as an
/// endpoint whose circuit is open, is reported as degraded, and so is a store of which nothing is known at present.
/// It asks nobody: it costs nothing, does not wait for a database, and tells no payload, connection string or key.
/// </summary>
public sealed class MessagingHealthCheck : IHealthCheck
{
    private readonly BackgroundWork work;
    private readonly ObservedStores stores;
    private readonly MessagingHealthOptions? options;

    internal MessagingHealthCheck(BackgroundWork work, ObservedStores stores, MessagingHealthOptions? options = null)
    {
        this.work = work;
        this.stores = stores;
        this.options = options;
    }

    /// <summary>Reports the state of this moment.</summary>
    /// <param name="context">Has the failure status.</param>
    /// <param name="cancellationToken">Not needed: it does not wait.</param>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var data = work.All.ToDictionary(state => state.Name, state => (object)(state.Trouble ?? "It works."));
        var findings = work.All
            .Select(state => (state.Name, state.Trouble, state.IsDegraded)).Where(state => state.Trouble is not null)
            .Select(state => new Finding($"{state.Name}: {state.Trouble}", state.IsDegraded)).ToList();
        if (options is not null)
        {
            findings.AddRange(stores.All.SelectMany(store => new StoreHealth(store, options, data).Examine()));
        }

        if (findings.Count == 0)
        {
            return Task.FromResult(HealthCheckResult.Healthy("All endpoints, outboxes and leases work.", data));
        }

        // Never worse than the status that was asked for, and restarting the process would help nobody.
        var isDegraded = findings.TrueForAll(finding => finding.IsDegraded);
        var status = isDegraded && context.Registration.FailureStatus < HealthStatus.Degraded ? HealthStatus.Degraded : context.Registration.FailureStatus;
        return Task.FromResult(new HealthCheckResult(status, string.Join(' ', findings.Select(finding => finding.Text)), data: data));
    }
}
