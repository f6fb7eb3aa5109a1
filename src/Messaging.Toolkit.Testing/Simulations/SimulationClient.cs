using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing;

/// <summary>
/// One client of the simulated application, outside of its nodes: it calls into them as a request would, and survives them. Several
/// run at once. It must do nothing that takes real time.
/// </summary>
public sealed class SimulationClient
{
    private readonly Lane lane;
    private readonly IReadOnlyList<SimulatedNode> nodes;
    private readonly SeededRandom random;

    internal SimulationClient(int number, Lane lane, IReadOnlyList<SimulatedNode> nodes, SeededRandom random)
    {
        Number = number;
        this.lane = lane;
        this.nodes = nodes;
        this.random = random;
        Random = new ClientRandom(random);
        Time = new LaneTime(lane);
    }

    /// <summary>Which of the clients it is, from 0.</summary>
    public int Number { get; }

    /// <summary>Chance that is repeated with the seed: the only one that a workload may use.</summary>
    public Random Random { get; }

    /// <summary>An id that is repeated with the seed.</summary>
    public Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.NextBytes(bytes);
        return new Guid(bytes);
    }

    /// <summary>The simulation's clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Waits in virtual time.</summary>
    public Task DelayAsync(TimeSpan delay) => Task.Delay(delay, Time);

    /// <summary>Runs code in a scope of one of the nodes that are up, waiting for one if none is.</summary>
    /// <param name="call">As a controller would be. Faults happen to it like to everything else.</param>
    /// <returns>How it ended: it does not throw.</returns>
    public async Task<CallResult> CallAsync(Func<IServiceProvider, CancellationToken, Task> call)
    {
        while (true)
        {
            var up = nodes.Where(node => node.IsUp).ToList();
            if (up.Count > 0)
            {
                return await random.Pick(up).CallAsync(call);
            }

            await DelayAsync(TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>Runs code with a service of one of the nodes that are up; see <see cref="CallAsync(Func{IServiceProvider, CancellationToken, Task})"/>.</summary>
    /// <typeparam name="TService">A service that the scope has, such as a DbContext.</typeparam>
    public Task<CallResult> CallAsync<TService>(Func<TService, Task> call) where TService : notnull
        => CallAsync((scope, _) => call(scope.GetRequiredService<TService>()));

    /// <summary>Every method: what Random does by itself in a derived class is not seeded.</summary>
    private sealed class ClientRandom(SeededRandom random) : Random
    {
        public override int Next() => random.Next(int.MaxValue);

        public override int Next(int maxValue)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
            return random.Next(maxValue);
        }

        public override int Next(int minValue, int maxValue) => (int)NextInt64(minValue, maxValue);

        public override long NextInt64() => NextInt64(long.MaxValue);

        public override long NextInt64(long maxValue)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
            return NextInt64(0, maxValue);
        }

        public override long NextInt64(long minValue, long maxValue)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(maxValue, minValue);
            return minValue + (long)Math.BigMul(random.Next(), (ulong)(maxValue - minValue), out _);
        }

        public override double NextDouble() => random.NextFraction();

        public override float NextSingle() => (random.Next() >> 40) * (1.0f / (1 << 24));

        public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

        public override void NextBytes(Span<byte> buffer)
        {
            foreach (ref var value in buffer)
            {
                value = (byte)random.Next();
            }
        }

        protected override double Sample() => random.NextFraction();
    }
}
