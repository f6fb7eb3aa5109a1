using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>The broker closes all connections, and says so.</summary>
internal sealed class CloseConnections : IFault
{
    public string Name => "broker-close";

    public Task InjectAsync(Strike strike, CancellationToken cancellationToken) => BrokerControl.TryAsync("close_all_connections", "chaos");
}
