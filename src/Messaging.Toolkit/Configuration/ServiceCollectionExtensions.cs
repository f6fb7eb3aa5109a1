using Messaging.Toolkit;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Hosting;
using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Streams;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Messaging.Toolkit to an application.</summary>
public static class MessagingServiceCollectionExtensions
{
    /// <summary>
    /// Adds messaging: <see cref="IMessageBus"/> in every scope, and the relay and the endpoints with the host. Call it once.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Stores, transport, messages and endpoints.</param>
    /// <exception cref="MessagingConfigurationException">Something in the configuration cannot work; it lists everything that is wrong.</exception>
    public static IServiceCollection AddMessaging(this IServiceCollection services, Action<MessagingBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        if (services.Any(service => service.ServiceType == typeof(MessagingModel)))
        {
            throw new MessagingConfigurationException(["AddMessaging was called twice: configure everything in one call."]);
        }

        var builder = new MessagingBuilder(services);
        configure(builder);
        services.AddSingleton(builder.Build());

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<EntropySource>();
        services.TryAddSingleton<Dispatcher>();
        services.TryAddSingleton(provider => TransportCollection.Create(provider.GetRequiredService<MessagingModel>(), provider));
        services.TryAddSingleton(provider => new MessagingMetrics(
            provider.GetService<System.Diagnostics.Metrics.IMeterFactory>(), provider.GetService<ILoggerFactory>()?.CreateLogger("Messaging.Toolkit")));
        services.TryAddSingleton(provider => provider.GetRequiredService<MessagingMetrics>().Guard);
        services.TryAddSingleton(provider => provider.GetRequiredService<MessagingMetrics>().Stores);
        services.TryAddSingleton<Addresses>();
        services.TryAddSingleton<MessagingTracer>();
        services.TryAddSingleton<CreateSpans>();
        services.TryAddSingleton<BackgroundWork>();
        services.TryAddSingleton(provider => new MessagingHealthCheck(provider.GetRequiredService<BackgroundWork>(), provider.GetRequiredService<MessagingMetrics>().Stores));
        services.TryAddSingleton<MessageIds>();
        services.TryAddSingleton<StoreCollection>();
        services.TryAddSingleton(provider => new Destinations(provider.GetRequiredService<MessagingModel>(), provider.GetRequiredService<TransportCollection>()));
        services.TryAddSingleton<HybridClock>();
        services.TryAddSingleton<JournalEntries>();
        services.TryAddSingleton<OutgoingMessages>();
        services.TryAddSingleton<IJournal, JournalReader>();
        services.TryAddSingleton<Reporter>();
        services.TryAddSingleton<IMessagingInspector, Inspector>();
        services.TryAddSingleton<StreamTaker>();
        services.TryAddSingleton<ParkingAlarms>();
        services.TryAddSingleton<IDeadLetters, DeadLetterDesk>();
        services.TryAddSingleton<SagaWatch>();
        services.TryAddSingleton<LeftBehindActivities>();
        services.TryAddSingleton<SagaServices>();
        services.TryAddScoped<ISagas, SagaBus>();
        services.TryAddScoped<MessageBus>();
        services.TryAddScoped<IMessageBus>(scope => scope.GetRequiredService<MessageBus>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MessagingHost>());
        return services;
    }
}
