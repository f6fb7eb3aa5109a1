namespace OrderFulfilment.Chaos.Faults;

/// <summary>What passes between a process and the database takes its time.</summary>
internal sealed class SlowNetwork : IFault
{
    public string Name => "slow";

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        using var slow = strike.Node.Proxy.Slow(strike.Between(0.005, 0.2));
        await Task.Delay(strike.Between(2, 8), cancellationToken);
    }
}
