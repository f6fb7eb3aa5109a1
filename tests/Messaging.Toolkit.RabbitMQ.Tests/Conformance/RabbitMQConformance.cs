using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.RabbitMQ.Tests.Conformance;

/// <summary>The suite that every transport passes, on a real broker.</summary>
public abstract class RabbitMQConformance(QueueType type, QueueConsumers consumers = QueueConsumers.SingleActive) : TransportConformance, IAsyncLifetime
{
    private readonly RabbitMQOptions options = new()
    {
        Uri = Server.Uri, Prefix = Server.NewPrefix(), IgnoreUnroutableEvents = true, Queues = { Type = type, Consumers = consumers, Partitions = 4 },
    };

    private MessageTopology? topology;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Leftovers.DeleteAsync(options, topology!);

    protected override ValueTask<ITransport> CreateTransportAsync(MessageTopology topology)
    {
        this.topology = topology;
        return new(new RabbitMQTransport(options, topology, new MessageIds(TimeProvider.System, new EntropySource()), TimeProvider.System, NullLogger.Instance));
    }

    protected override async ValueTask BreakConnectionsAsync() => await Server.ControlAsync("close_all_connections", "tried by a test");
}
