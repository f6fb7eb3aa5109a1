using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>What passes between a process and a server takes its time.</summary>
internal sealed class SlowNetwork(string name, Func<Node, Proxy> way) : IFault
{
    public string Name => name;

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        using var slow = way(strike.Node).Slow(strike.Between(0.005, 0.2));
        await Task.Delay(strike.Between(2, 8), cancellationToken);
    }
}
