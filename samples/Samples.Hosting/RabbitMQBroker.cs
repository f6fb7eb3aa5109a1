using Messaging.Toolkit.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Samples.Hosting;

/// <summary>RabbitMQ.</summary>
/// <param name="Uri">Where it is, with user and password.</param>
/// <param name="Prefix">Put before the names of all queues and exchanges.</param>
public sealed record RabbitMQBroker(Uri Uri, string Prefix) : Broker(Prefix)
{
    public override string Transport => "rabbitmq";

    public override string Name => "RabbitMQ";

    public override string Address => Uri.OriginalString;

    /// <exception cref="SettingsException">There is no address of a broker.</exception>
    public static new RabbitMQBroker Read(IConfiguration configuration)
    {
        // What is wrong with the address is not shown: a part of it may be a password.
        return Uri.TryCreate(configuration.GetConnectionString("RabbitMQ"), UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"
            ? new RabbitMQBroker(uri, PrefixOf(configuration))
            : throw new SettingsException("There is no address of RabbitMQ: set ConnectionStrings:RabbitMQ to amqp://user:password@host:5672 in appsettings.json or as --ConnectionStrings:RabbitMQ=...");
    }

    public override void Configure(MessagingBuilder messaging) => messaging.UseRabbitMQ(rabbit =>
    {
        rabbit.Uri = Uri;
        rabbit.Prefix = Prefix;
    });
}
