using System.Globalization;
using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>The broker of simulations, without faults, and in each order in which things can happen.</summary>
public sealed class SimulatedBrokerTests
{
    private const int Seeds = 20;

    [Theory, ConformanceCases]
    [InlineData("No_more_than_prefetch_are_unsettled", Skip = "It does not bound what the toolkit takes: it reports a violation of G8 if that is too much.")]
    public void Conforms(string name)
    {
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            Run(name, seed);
        }
    }

    private static void Run(string name, ulong seed)
    {
        var world = new World(seed);
        var lane = new Lane(world, "conformance");
        var running = Task.CompletedTask;
        world.Post(lane, () => running = new Conformance(world, lane).RunAsync(name));

        world.RunUntil(() => world.Steps > 0 && running.IsCompleted, TimeSpan.FromMinutes(10)).Should().BeTrue("seed {0} must come to an end", seed);
        running.Exception?.InnerException.Should().BeNull("seed {0}", seed);
    }

    private sealed class Conformance(World world, Lane lane) : TransportConformance
    {
        private readonly SimulatedBroker broker = new(world, new Lane(world, "broker"));
        private readonly List<Func<ValueTask>> connections = [];
        private int processes;

        protected override TimeProvider Time { get; } = new LaneTime(lane);

        protected override ValueTask<ITransport> CreateTransportAsync(MessageTopology topology)
        {
            var latencies = SeededRandom.For(world.Seed, string.Create(CultureInfo.InvariantCulture, $"process-{++processes}"));
            var life = new NodeLife(lane, new FaultPlan(world.Seed, FaultRates.None), latencies);
            return new(new Breakable(new SimulatedTransport(broker, life, Violated), connections));
        }

        /// <summary>As the broker does when it closes channels: what it had not sent yet is not sent any more.</summary>
        protected override async ValueTask BreakConnectionsAsync()
        {
            foreach (var connection in connections)
            {
                await connection();
            }
        }

        private static void Violated(string rule, string description) => throw new InvalidOperationException($"{rule}: {description}");
    }

    private sealed class Breakable(SimulatedTransport transport, List<Func<ValueTask>> connections) : ITransport
    {
        public string Name => transport.Name;

        public IReadOnlyList<string> GetDestinations(Messaging.Toolkit.Messages.MessageType type, IReadOnlyList<string> subscribers) => transport.GetDestinations(type, subscribers);

        public async ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken)
        {
            var sender = await transport.OpenSenderAsync(cancellationToken);
            connections.Add(sender.DisposeAsync);
            return sender;
        }

        public async ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
        {
            var receiver = await transport.OpenReceiverAsync(endpoint, prefetch, cancellationToken);
            connections.Add(receiver.DisposeAsync);
            return receiver;
        }
    }
}
