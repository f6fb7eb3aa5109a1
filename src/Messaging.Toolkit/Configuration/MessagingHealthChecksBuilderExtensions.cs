using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Health;
using Messaging.Toolkit.Diagnostics.Measuring;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds messaging to the health checks of an application.</summary>
public static class MessagingHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a health check of messaging: transports, consumers, outbox, dead letters and sagas. It reads what the process knows anyway and what is measured at
    /// <see cref="ObservabilityOptions.MeasureInterval"/>; it never waits for a database or a broker. In an application without <c>AddMessaging</c> on its services it fails.
    /// </summary>
    /// <param name="builder">What <c>services.AddHealthChecks()</c> returns.</param>
    /// <param name="configure">The thresholds. They are validated when the host starts.</param>
    /// <param name="name">Its name. Default "messaging".</param>
    /// <param name="failureStatus">What is reported for more than degraded. Default <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to select it by. Default none.</param>
    public static IHealthChecksBuilder AddMessaging(
        this IHealthChecksBuilder builder, Action<MessagingHealthOptions>? configure = null, string name = "messaging", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new MessagingHealthOptions();
        configure?.Invoke(options);
        builder.Services.AddSingleton(new MessagingHealthRegistration(options));
        return builder.Add(new HealthCheckRegistration(
            name, services => new MessagingHealthCheck(services.GetRequiredService<BackgroundWork>(), services.GetRequiredService<ObservedStores>(), options), failureStatus, tags));
    }
}
