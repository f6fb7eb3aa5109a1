using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests.Conformance;

/// <summary>The suite that every transport passes, on a real broker.</summary>
public abstract class RabbitMQConformance(QueueType type) : TransportConformance, IAsyncLifetime
{
    private readonly string prefix = Server.NewPrefix();
    private MessageTopology? topology;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await Line.BareAsync(async channel =>
    {
        foreach (var queue in topology!.Endpoints.Select(endpoint => endpoint.Name).Append("dead-letters"))
        {
            await channel.QueueDeleteAsync(prefix + queue);
        }

        foreach (var exchange in topology.Types.Select(type => type.Name).Append("dead-letters"))
        {
            await channel.ExchangeDeleteAsync(prefix + exchange);
        }

        return true;
    });

    protected override ValueTask<ITransport> CreateTransportAsync(MessageTopology topology)
    {
        this.topology = topology;
        var options = new RabbitMQOptions { Uri = Server.Uri, Prefix = prefix, IgnoreUnroutableEvents = true, Queues = { Type = type } };
        return new(new RabbitMQTransport(options, topology, new MessageIds(TimeProvider.System, new EntropySource()), TimeProvider.System, NullLogger.Instance));
    }

    protected override async ValueTask BreakConnectionsAsync() => await Server.ControlAsync("close_all_connections", "tried by a test");
}
