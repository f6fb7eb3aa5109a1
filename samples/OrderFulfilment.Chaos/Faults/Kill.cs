namespace OrderFulfilment.Chaos.Faults;

/// <summary>A process is gone from one instant to the next, and is started again some time later.</summary>
internal sealed class Kill : IFault
{
    public string Name => "kill";

    public bool TakesProcess => true;

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        await strike.Node.Process.KillAsync();
        await Task.Delay(strike.Between(0, 6), cancellationToken);
        await strike.Node.Process.StartAsync(cancellationToken);
    }
}
