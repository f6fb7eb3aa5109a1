namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;

/// <summary>Notes the order and asks for its payment.</summary>
public sealed class OrderPlacedHandler(ShopDb db, Handled handled) : IHandle<OrderPlaced>
{
    public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Handler = "order-placed", MessageId = context.MessageId, Key = context.Key, Number = message.Number });
        context.Send(new ChargeCard(message.OrderId, message.Number));
        handled.Add("order-placed", context.Key, message.Number);
        return Task.CompletedTask;
    }
}

/// <summary>Notes the charge and tells of it.</summary>
public sealed class ChargeCardHandler(ShopDb db, IMessageBus bus, Handled handled) : IHandle<ChargeCard>
{
    public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Handler = "charge-card", MessageId = context.MessageId, Key = context.Key, Number = message.Number });
        bus.Publish(new CardCharged(message.OrderId, message.Number));
        handled.Add("charge-card", context.Key, message.Number);
        return Task.CompletedTask;
    }
}

/// <summary>Notes that it heard of the charge.</summary>
public sealed class CardChargedHandler(ShopDb db, Handled handled) : IHandle<CardCharged>
{
    public Task HandleAsync(CardCharged message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Handler = "card-charged", MessageId = context.MessageId, Key = context.Key, Number = message.Number });
        handled.Add("card-charged", context.Key, message.Number);
        return Task.CompletedTask;
    }
}
