using Messaging.Toolkit.RabbitMQ.Topology;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests.Broker;

internal static class Leftovers
{
    /// <summary>Deletes all that an application has declared.</summary>
    public static async Task DeleteAsync(RabbitMQOptions options, MessageTopology topology)
    {
        var broker = new BrokerTopology(options, topology, NullLogger.Instance);
        var endpoints = topology.Endpoints.Select(endpoint => endpoint.Name).Concat(topology.Types.Select(type => type.Endpoint)).OfType<string>().Distinct().ToList();
        await Line.BareAsync(async channel =>
        {
            foreach (var queue in endpoints.SelectMany(broker.QueuesOf).Append(options.Prefix + "dead-letters"))
            {
                await channel.QueueDeleteAsync(queue);
            }

            foreach (var exchange in topology.Types.Select(type => options.Prefix + type.Name)
                         .Concat(endpoints.SelectMany(endpoint => new[] { broker.PresenceOf(endpoint), $"{options.Prefix}{endpoint}:commands" })).Append(options.Prefix + "dead-letters"))
            {
                await channel.ExchangeDeleteAsync(exchange);
            }

            return true;
        });
    }
}
