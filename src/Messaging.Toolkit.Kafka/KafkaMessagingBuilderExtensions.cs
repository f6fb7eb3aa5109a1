using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Kafka;
using Messaging.Toolkit.Messages;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Brings messages over Kafka.</summary>
public static class KafkaMessagingBuilderExtensions
{
    /// <summary>
    /// Sends every message over Kafka and receives from it. The application starts while the brokers are away, and goes to work when
    /// they come: until then messages wait in the outbox.
    /// </summary>
    /// <param name="messaging">The builder.</param>
    /// <param name="configure">Where the brokers are, and how to use them.</param>
    public static MessagingBuilder UseKafka(this MessagingBuilder messaging, Action<KafkaOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(messaging);
        var options = new KafkaOptions();
        configure?.Invoke(options);
        return messaging.UseTransport(
            (services, topology) => new KafkaTransport(
                options, topology, services.GetRequiredService<MessageIds>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>().CreateLogger("Messaging.Toolkit.Kafka")),
            options.Validate);
    }
}
