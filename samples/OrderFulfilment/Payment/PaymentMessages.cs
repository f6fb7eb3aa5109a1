namespace OrderFulfilment.Payment;

/// <summary>Charge a card for an order: a command, because the outcome matters to the sender.</summary>
public sealed record ChargeCard(Guid OrderId, string Customer, string CardToken, decimal Amount);

/// <summary>The order is paid.</summary>
public sealed record CardCharged(Guid OrderId, string Customer);

/// <summary>The order will not be paid.</summary>
public sealed record CardDeclined(Guid OrderId, string Customer, string Reason);
