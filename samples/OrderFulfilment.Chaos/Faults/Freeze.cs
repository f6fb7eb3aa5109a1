namespace OrderFulfilment.Chaos.Faults;

/// <summary>A process stands still for up to three lease durations, its transactions open, and then goes on as if it were still then.</summary>
internal sealed class Freeze : IFault
{
    public string Name => "freeze";

    public bool TakesProcess => true;

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        strike.Node.Process.Freeze();
        try
        {
            await Task.Delay(strike.Between(0.2, 9), cancellationToken);
        }
        finally
        {
            strike.Node.Process.Thaw();
        }
    }
}
