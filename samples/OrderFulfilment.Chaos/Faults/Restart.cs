namespace OrderFulfilment.Chaos.Faults;

/// <summary>A process is stopped as it should be, and started again: what a deployment does.</summary>
internal sealed class Restart : IFault
{
    public string Name => "restart";

    public bool TakesProcess => true;

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        await strike.Node.Process.StopAsync();
        await strike.Node.Process.StartAsync(cancellationToken);
    }
}
