using System.Diagnostics.CodeAnalysis;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Kafka;
using Messaging.Toolkit.Kafka.Receiving;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Streams;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Brings messages over Kafka.</summary>
public static class KafkaMessagingBuilderExtensions
{
    private const string DefaultName = "kafka";

    /// <summary>A transport of another name adds it, so that each line says which one it is about.</summary>
    private const string LogCategory = "Messaging.Toolkit.Kafka";

    private const string ClientUsesReflection = "Confluent.Kafka finds its native functions by reflection.";

    /// <summary>
    /// Sends messages over Kafka and receives from it, under the name "kafka". The application starts while the brokers are away, and goes to work when
    /// they come: until then messages wait in the outbox.
    /// </summary>
    /// <param name="messaging">The builder.</param>
    /// <param name="configure">Where the brokers are, and how to use them.</param>
    [RequiresUnreferencedCode(ClientUsesReflection)]
    [RequiresDynamicCode(ClientUsesReflection)]
    public static MessagingBuilder UseKafka(this MessagingBuilder messaging, Action<KafkaOptions>? configure = null) => messaging.UseKafka(DefaultName, configure);

    /// <summary>The same under another name, beside other transports. Messages and endpoints choose it by <c>Via(name)</c>.</summary>
    /// <param name="messaging">The builder.</param>
    /// <param name="name">Letters, digits, '.', '-', '_' and '/'; at most 40 characters. It is stored with what waits in the outbox: it must stay the same.</param>
    /// <param name="configure">Where the brokers are, and how to use them.</param>
    [RequiresUnreferencedCode(ClientUsesReflection)]
    [RequiresDynamicCode(ClientUsesReflection)]
    public static MessagingBuilder UseKafka(this MessagingBuilder messaging, string name, Action<KafkaOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(messaging);
        var options = new KafkaOptions();
        configure?.Invoke(options);
        return messaging.UseTransport(
            name,
            (services, topology) =>
            {
                var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(name == DefaultName ? LogCategory : $"{LogCategory}.{name}");
                return new KafkaTransport(
                    options, topology, options.OffsetsInDatabase ? new PartitionTaker(name, options.RememberedMessages, services.GetRequiredService<StreamTaker>) : null,
                    services.GetRequiredService<MessageIds>(), services.GetRequiredService<TimeProvider>(), logger,
                    options.OffsetsInDatabase ? null : new LeftPositions(name, services.GetRequiredService<StreamTaker>, logger));
            },
            topology => options.Validate(topology).Select(error => name == DefaultName ? error : $"'{name}': {error}"));
    }
}
