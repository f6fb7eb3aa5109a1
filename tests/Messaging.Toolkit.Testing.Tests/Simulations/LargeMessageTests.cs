using Messaging.Toolkit.Kafka;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Simulations.Kafka;
using Messaging.Toolkit.Simulations.Kafka.Client;
using Messaging.Toolkit.Testing.Conformance;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Testing.Tests.Simulations;

/// <summary>Kafka refuses whole batches: who is too large is found out by sending one by one, and the others of its key are sent all the same.</summary>
public sealed class LargeMessageTests
{
    private const int Limit = 1000;

    private readonly World world;
    private readonly LaneTime time;
    private readonly Lane lane;
    private readonly Dictionary<long, SendStatus> results = [];
    private readonly List<int> received = [];

    public LargeMessageTests()
    {
        world = new World(seed: 1);
        lane = new Lane(world, "process");
        time = new LaneTime(lane);
    }

    [Fact]
    public void A_message_that_is_too_large_is_refused_alone_and_its_key_goes_on()
    {
        Task? running = null;
        world.Post(lane, () => running = SendAndReceiveAsync());

        world.RunUntil(() => running?.IsCompleted == true, TimeSpan.FromMinutes(1)).Should().BeTrue();

        running!.Exception?.InnerException.Should().BeNull();
        results.Should().Equal(new Dictionary<long, SendStatus> { [0] = SendStatus.Confirmed, [1] = SendStatus.Refused, [2] = SendStatus.Confirmed });
        received.Distinct().Should().Equal([1, 3], "by their sizes");
    }

    private async Task SendAndReceiveAsync()
    {
        var messages = new TrialMessages(time);
        var transport = CreateTransport(messages.Topology);
        var sent = new[] { 1, Limit + 1, 3 }.Select((size, token) => new TransportMessage(token, "kafka", MakeOfSize(size))).ToList();
        while (results.Count < sent.Count)
        {
            await using var sender = await transport.OpenSenderAsync(CancellationToken.None);
            await SendAsync(sender, [.. sent.Where(message => !results.ContainsKey(message.Token))]);
        }

        await using var receiver = await transport.OpenReceiverAsync(messages.Left, prefetch: 1000, CancellationToken.None);
        while (!received.Contains(3))
        {
            var batch = await receiver.ReceiveAsync(1, CancellationToken.None);
            received.AddRange(batch.Select(delivery => delivery.Envelope.Body.Length));
            await receiver.SettleAsync(batch, Settlement.Done, CancellationToken.None);
        }

        MessageEnvelope MakeOfSize(int size)
        {
            var id = messages.NewId();
            return new() { Id = id, Type = messages.Paid.Name, Source = "test", Time = time.GetUtcNow(), ContentType = "text/plain", Key = "key", ConversationId = id, Body = new byte[size] };
        }
    }

    private async Task SendAsync(ISender sender, IReadOnlyList<TransportMessage> messages)
    {
        try
        {
            await sender.SendAsync(messages, CancellationToken.None);
            while (messages.Any(message => !results.ContainsKey(message.Token)))
            {
                foreach (var result in await sender.ReadResultsAsync(CancellationToken.None))
                {
                    results.Add(result.Token, result.Status);
                }
            }
        }
        catch (MessagingException)
        {
            // A batch was refused: what is not reported is sent again.
        }
    }

    private KafkaTransport CreateTransport(MessageTopology topology)
    {
        var cluster = new KafkaCluster(world, new Lane(world, "cluster"), ClusterOptions.For(world.Seed, FaultRates.None) with { LargestBatch = Limit });
        var life = new NodeLife(lane, new FaultPlan(world.Seed, FaultRates.None), latencies: null);
        var options = new KafkaOptions();
        cluster.Options.Apply(options);
        options.Clients = new SimulatedClients(cluster, life, options);
        return new KafkaTransport(options, topology, taker: null, new MessageIds(time, new EntropySource()), time, NullLogger.Instance);
    }
}
