namespace OrderFulfilment.Chaos.Faults;

/// <summary>
/// Nothing passes between a process and the database, in either direction, and nobody is told, not even that the other
/// side has gone; long enough, at times, for statements and attempts to connect to time out.
/// </summary>
internal sealed class BlackHole : IFault
{
    public string Name => "black-hole";

    public async Task InjectAsync(Strike strike, CancellationToken cancellationToken)
    {
        using var blocked = strike.Node.Proxy.Block();
        await Task.Delay(strike.Between(0.5, 10), cancellationToken);
    }
}
