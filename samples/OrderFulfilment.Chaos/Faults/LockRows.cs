using System.Data;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>Somebody holds locks on rows that the sample needs: on the leases, or on the stock.</summary>
internal sealed class LockRows : IFault
{
    public string Name => "lock";

    public Task InjectAsync(Strike strike, CancellationToken cancellationToken)
        => strike.Server.TryHoldAsync(
            $"SELECT 1 FROM {(strike.Node.Number % 2 == 0 ? "messaging_lease" : "\"StockLevels\"")} FOR UPDATE",
            IsolationLevel.ReadCommitted,
            strike.Between(0.5, 4),
            cancellationToken);
}
