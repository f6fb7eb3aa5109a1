using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Brings messages over RabbitMQ.</summary>
public static class RabbitMQMessagingBuilderExtensions
{
    /// <summary>
    /// Sends every message over RabbitMQ and receives from it. The application starts while the broker is away, and goes to work when
    /// it comes: until then messages wait in the outbox.
    /// </summary>
    /// <param name="messaging">The builder.</param>
    /// <param name="configure">Where the broker is, and how to use it.</param>
    public static MessagingBuilder UseRabbitMQ(this MessagingBuilder messaging, Action<RabbitMQOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(messaging);
        var options = new RabbitMQOptions();
        configure?.Invoke(options);
        return messaging.UseTransport(
            (services, topology) => new RabbitMQTransport(
                options, topology, services.GetRequiredService<MessageIds>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>().CreateLogger("Messaging.Toolkit.RabbitMQ")),
            options.Validate);
    }
}
