namespace OrderFulfilment.Chaos.Faults;

/// <summary>A process stands still for longer than its leases, its transactions open, and then goes on as if it were still then.</summary>
internal sealed class Freeze(double longestSeconds) : IFault
{
    public string Name => "freeze";

    public bool TakesProcess => true;

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        strike.Node.Process.Freeze();
        try
        {
            await Task.Delay(strike.Between(0.2, longestSeconds), cancellationToken);
        }
        finally
        {
            strike.Node.Process.Thaw();
        }
    }
}
