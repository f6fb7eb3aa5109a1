using System.Data;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>Somebody's transaction stays open and holds its snapshot, so that no dead row can be removed meanwhile.</summary>
internal sealed class LongSnapshot : IFault
{
    public string Name => "snapshot";

    public Task InjectAsync(Strike strike, CancellationToken cancellationToken)
        => strike.Server.TryHoldAsync("SELECT count(*) FROM messaging_outbox", IsolationLevel.RepeatableRead, strike.Between(5, 30), cancellationToken);
}
