using Messaging.Toolkit.Configuration;
using Microsoft.Extensions.Configuration;

namespace Samples.Hosting;

/// <summary>What messages go over, if they leave the process.</summary>
/// <param name="Prefix">Put before all names in the broker, so that several applications can use one.</param>
public abstract record Broker(string Prefix)
{
    /// <summary>What it is chosen by.</summary>
    public abstract string Transport { get; }

    /// <summary>The name of its connection string.</summary>
    public abstract string Name { get; }

    /// <summary>Its connection string: where it is.</summary>
    public abstract string Address { get; }

    /// <summary>Null if messages stay in the process.</summary>
    /// <exception cref="SettingsException">There is no such transport, or no address of its broker.</exception>
    public static Broker? Read(IConfiguration configuration) => (configuration["transport"] ?? "in-process") switch
    {
        "in-process" => null,
        "rabbitmq" => RabbitMQBroker.Read(configuration),
        "kafka" => KafkaBroker.Read(configuration),
        var transport => throw new SettingsException($"--transport {transport}: choose 'in-process', 'rabbitmq' or 'kafka'."),
    };

    public abstract void Configure(MessagingBuilder messaging);

    protected static string PrefixOf(IConfiguration configuration) => configuration["prefix"] ?? "";
}
