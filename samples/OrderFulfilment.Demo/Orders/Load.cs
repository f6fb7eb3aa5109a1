namespace OrderFulfilment.Demo.Orders;

/// <summary>How hard the clients press.</summary>
/// <param name="Clients">How many there are.</param>
/// <param name="MaxOpen">How many orders may be open at once.</param>
/// <param name="OrdersPerSecond">No more than this.</param>
/// <param name="Patience">How long a client waits for an answer before it asks again.</param>
internal sealed record Load(int Clients, int MaxOpen, int OrdersPerSecond, TimeSpan Patience);
