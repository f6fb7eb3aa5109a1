using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Brings messages over RabbitMQ.</summary>
public static class RabbitMQMessagingBuilderExtensions
{
    private const string DefaultName = "rabbitmq";

    /// <summary>A transport of another name adds it, so that each line says which one it is about.</summary>
    private const string LogCategory = "Messaging.Toolkit.RabbitMQ";

    /// <summary>
    /// Sends messages over RabbitMQ and receives from it, under the name "rabbitmq". The application starts while the broker is away, and goes to work when
    /// it comes: until then messages wait in the outbox.
    /// </summary>
    /// <param name="messaging">The builder.</param>
    /// <param name="configure">Where the broker is, and how to use it.</param>
    public static MessagingBuilder UseRabbitMQ(this MessagingBuilder messaging, Action<RabbitMQOptions>? configure = null) => messaging.UseRabbitMQ(DefaultName, configure);

    /// <summary>The same under another name, beside other transports. Messages and endpoints choose it by <c>Via(name)</c>.</summary>
    /// <param name="messaging">The builder.</param>
    /// <param name="name">Letters, digits, '.', '-', '_' and '/'; at most 40 characters. It is stored with what waits in the outbox: it must stay the same.</param>
    /// <param name="configure">Where the broker is, and how to use it.</param>
    public static MessagingBuilder UseRabbitMQ(this MessagingBuilder messaging, string name, Action<RabbitMQOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(messaging);
        var options = new RabbitMQOptions();
        configure?.Invoke(options);
        return messaging.UseTransport(
            name,
            (services, topology) => new RabbitMQTransport(
                options, topology, services.GetRequiredService<MessageIds>(), services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<ILoggerFactory>().CreateLogger(name == DefaultName ? LogCategory : $"{LogCategory}.{name}")),
            topology => options.Validate(topology).Select(error => name == DefaultName ? error : $"'{name}': {error}"));
    }
}
