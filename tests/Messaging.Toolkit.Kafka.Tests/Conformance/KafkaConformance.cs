using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Kafka.Tests.Conformance;

/// <summary>The suite that every transport passes, on a real cluster or on one in this process.</summary>
public abstract class KafkaConformance(Action<KafkaOptions> configure) : TransportConformance
{
    private readonly string prefix = Server.Options().Prefix;
    private readonly BreakableClients clients = new();
    private bool isCreated;

    protected override async ValueTask<ITransport> CreateTransportAsync(MessageTopology topology)
    {
        var options = Server.Options();
        options.Prefix = prefix;
        configure(options);
        if (!isCreated)
        {
            await Server.CreateAsync(Server.Mock, new TopicMap(options, topology).All.Select(topic => topic.Name));
            isCreated = true;
        }

        options.Clients = clients.Over(options);
        return new KafkaTransport(options, topology, taker: null, new MessageIds(TimeProvider.System, new EntropySource()), TimeProvider.System, NullLogger.Instance);
    }

    /// <summary>The client mends connections by itself, and the suite is about what happens when it cannot.</summary>
    protected override ValueTask BreakConnectionsAsync()
    {
        clients.Break();
        return ValueTask.CompletedTask;
    }
}
