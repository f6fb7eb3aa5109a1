namespace MessagingService;

sealed record OrderPlaced(Guid OrderId, decimal Total);

sealed record ChargeCard(Guid OrderId, decimal Amount);

sealed record CardCharged(Guid OrderId);
