using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>
/// Nothing passes between a process and a server, in either direction, and nobody is told, not even that the other
/// side has gone; long enough, at times, for whoever waits to give up.
/// </summary>
internal sealed class BlackHole(string name, Func<Node, Proxy> way, double longestSeconds) : IFault
{
    public string Name => name;

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        using var blocked = way(strike.Node).Block();
        await Task.Delay(strike.Between(0.5, longestSeconds), cancellationToken);
    }
}
