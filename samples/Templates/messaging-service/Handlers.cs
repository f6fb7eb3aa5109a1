using Messaging.Toolkit;

namespace MessagingService;

/// <summary>What a handler changes, what it sends and that it has handled the message are one transaction, so each happens once.</summary>
sealed class OrderPlacedHandler : IHandle<OrderPlaced>
{
    public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        context.Send(new ChargeCard(message.OrderId, message.Total));
        return Task.CompletedTask;
    }
}

sealed class ChargeCardHandler(ServiceDb db) : IHandle<ChargeCard>
{
    public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Payments.Add(new Payment { OrderId = message.OrderId, Amount = message.Amount });
        context.Publish(new CardCharged(message.OrderId));
        return Task.CompletedTask;
    }
}

sealed class CardChargedHandler(ServiceDb db) : IHandle<CardCharged>
{
    public async Task HandleAsync(CardCharged message, MessageContext context, CancellationToken cancellationToken)
    {
        var order = await db.Orders.FindAsync([message.OrderId], cancellationToken);
        order!.IsPaid = true;
    }
}
