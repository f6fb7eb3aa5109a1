using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>
/// Says whether every endpoint receives, every outbox is sent and every store's leases are kept: <c>services.AddHealthChecks().AddCheck&lt;MessagingHealthCheck&gt;("messaging")</c>.
/// As soon as one of them cannot, or has not begun yet, it reports the failure status that it was registered with, unhealthy by default,
/// and which it is and why. One that is held up by its own limits, such as an endpoint whose circuit is open, is reported as degraded. It asks nobody: it costs nothing, and it tells no payload, connection string or key.
/// </summary>
public sealed class MessagingHealthCheck : IHealthCheck
{
    private readonly BackgroundWork work;

    internal MessagingHealthCheck(BackgroundWork work) => this.work = work;

    /// <summary>Reports the state of this moment.</summary>
    /// <param name="context">Has the failure status.</param>
    /// <param name="cancellationToken">Not needed: it does not wait.</param>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        var data = work.All.ToDictionary(state => state.Name, state => (object)(state.Trouble ?? "It works."));
        var troubles = work.All.Where(state => state.Trouble is not null).Select(state => $"{state.Name}: {state.Trouble}").ToList();
        if (troubles.Count == 0)
        {
            return Task.FromResult(HealthCheckResult.Healthy("All endpoints, outboxes and leases work.", data));
        }

        // Never worse than the status that was asked for, and restarting the process would help nobody.
        var isDegraded = work.All.All(state => state.Trouble is null || state.IsDegraded);
        var status = isDegraded && context.Registration.FailureStatus < HealthStatus.Degraded ? HealthStatus.Degraded : context.Registration.FailureStatus;
        return Task.FromResult(new HealthCheckResult(status, string.Join(' ', troubles), data: data));
    }
}
