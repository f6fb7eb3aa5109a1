using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>All connections of a process to a server are reset.</summary>
internal sealed class CutConnections(string name, Func<Node, Proxy> way) : IFault
{
    public string Name => name;

    public Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        way(strike.Node).Cut();
        return Task.CompletedTask;
    }
}
