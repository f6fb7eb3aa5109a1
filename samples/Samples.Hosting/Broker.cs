using Messaging.Toolkit.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Samples.Hosting;

/// <summary>RabbitMQ, if messages go over it.</summary>
/// <param name="Uri">Where it is, with user and password.</param>
/// <param name="Prefix">Put before the names of all queues and exchanges, so that several applications can use one broker.</param>
public sealed record Broker(Uri Uri, string Prefix)
{
    /// <exception cref="SettingsException">There is no address of a broker.</exception>
    public static Broker Read(IConfiguration configuration)
    {
        // What is wrong with the address is not shown: a part of it may be a password.
        return Uri.TryCreate(configuration.GetConnectionString("RabbitMQ"), UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"
            ? new Broker(uri, configuration["prefix"] ?? "")
            : throw new SettingsException("There is no address of RabbitMQ: set ConnectionStrings:RabbitMQ to amqp://user:password@host:5672 in appsettings.json or as --ConnectionStrings:RabbitMQ=...");
    }

    public void Configure(MessagingBuilder messaging) => messaging.UseRabbitMQ(rabbit =>
    {
        rabbit.Uri = Uri;
        rabbit.Prefix = Prefix;
    });
}
