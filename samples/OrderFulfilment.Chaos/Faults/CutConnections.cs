namespace OrderFulfilment.Chaos.Faults;

/// <summary>All connections of a process to the database are reset.</summary>
internal sealed class CutConnections : IFault
{
    public string Name => "cut";

    public Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        strike.Node.Proxy.Cut();
        return Task.CompletedTask;
    }
}
