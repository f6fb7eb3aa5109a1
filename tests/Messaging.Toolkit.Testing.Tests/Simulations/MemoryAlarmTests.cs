using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Simulations.RabbitMQ;
using Messaging.Toolkit.Testing.Conformance;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Testing.Tests.Simulations;

/// <summary>RabbitMQ that is short of memory reads nothing from connections that publish. It gets its memory back when messages are acknowledged.</summary>
public sealed class MemoryAlarmTests
{
    private readonly World world = new(seed: 1);
    private readonly LaneTime time;
    private readonly Lane lane;
    private readonly RabbitBroker broker;

    public MemoryAlarmTests()
    {
        lane = new Lane(world, "process");
        time = new LaneTime(lane);
        broker = new RabbitBroker(world, new Lane(world, "broker"), FaultRates.None);
    }

    [Theory]
    [InlineData(QueueConsumers.SingleActive)]
    [InlineData(QueueConsumers.Partitioned)]
    public void It_does_not_hold_up_acknowledgements(QueueConsumers consumers)
    {
        Task? running = null;
        world.Post(lane, () => running = AcknowledgeAsync(consumers));

        world.RunUntil(() => running?.IsCompleted == true, TimeSpan.FromMinutes(1)).Should().BeTrue();
        running!.Exception?.InnerException.Should().BeNull();
    }

    private async Task AcknowledgeAsync(QueueConsumers consumers)
    {
        var messages = new TrialMessages(time);
        var transport = CreateTransport(consumers, messages.Topology);
        await using var receiver = await transport.OpenReceiverAsync(messages.Left, prefetch: 1000, CancellationToken.None);
        await using var sender = await transport.OpenSenderAsync(CancellationToken.None);
        await sender.SendAsync([new TransportMessage(1, "rabbitmq", messages.Make(messages.Paid, "key"))], CancellationToken.None);
        var received = await receiver.ReceiveAsync(1, CancellationToken.None);

        broker.RunShort(TimeSpan.FromSeconds(30));
        await Task.Delay(TimeSpan.FromSeconds(5), time);
        await receiver.SettleAsync(received, Settlement.Done, CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(5), time);

        broker.IsDrained.Should().BeTrue("what is acknowledged is forgotten");
    }

    private RabbitMQTransport CreateTransport(QueueConsumers consumers, MessageTopology topology)
    {
        var life = new NodeLife(lane, new FaultPlan(world.Seed, FaultRates.None), latencies: null);
        var options = new RabbitMQOptions { Queues = { Consumers = consumers }, Open = (_, name, cancellationToken) => broker.ConnectAsync(life, name, cancellationToken) };
        return new(options, topology, new MessageIds(time, new EntropySource()), time, NullLogger.Instance);
    }
}
