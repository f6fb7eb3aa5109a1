using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>
/// Says whether every endpoint receives, every outbox is sent and every store's leases are kept: <c>services.AddHealthChecks().AddCheck&lt;MessagingHealthCheck&gt;("messaging")</c>.
/// As soon as one of them cannot, or has not begun yet, it reports the failure status that it was registered with, unhealthy by default,
/// and which it is and why. It asks nobody: it costs nothing, and it tells no payload, connection string or key.
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
        return Task.FromResult(troubles.Count == 0
            ? HealthCheckResult.Healthy("All endpoints, outboxes and leases work.", data)
            : new HealthCheckResult(context.Registration.FailureStatus, string.Join(' ', troubles), data: data));
    }
}
