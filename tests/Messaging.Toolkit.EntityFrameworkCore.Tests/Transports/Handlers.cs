using System.Collections.Concurrent;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Transports;

/// <summary>One call of a handler.</summary>
internal sealed record Call(string Endpoint, string Key, int Number, MessageContext Context, CancellationToken CancellationToken);

/// <summary>What a test does in its handlers, before they note their effect.</summary>
internal sealed record Play(Func<Call, Task> RunAsync);

/// <summary>Notes what comes.</summary>
internal class Notes(ShopDb db, Handled handled, Play play) : IHandle<OrderPlaced>, IHandle<ChargeCard>, IHandle<CardCharged>
{
    public virtual Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken) => NoteAsync(message.OrderId, message.Number, context, cancellationToken);

    public virtual Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken) => NoteAsync(message.OrderId, message.Number, context, cancellationToken);

    public Task HandleAsync(CardCharged message, MessageContext context, CancellationToken cancellationToken) => NoteAsync(message.OrderId, message.Number, context, cancellationToken);

    protected async Task NoteAsync(string order, int number, MessageContext context, CancellationToken cancellationToken)
    {
        handled.Add(context.Envelope.Type, context.Key, number);
        await play.RunAsync(new Call(context.Endpoint, order, number, context, cancellationToken));
        db.Effects.Add(new Effect { Handler = context.Endpoint, MessageId = context.MessageId, Key = context.Key, Number = number });
    }
}

/// <summary>Sends on what comes: from the order to its charge, and from that to the news of it.</summary>
internal sealed class Forwards(ShopDb db, Handled handled, Play play) : Notes(db, handled, play)
{
    public override Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        context.Send(new ChargeCard(message.OrderId, message.Number));
        return base.HandleAsync(message, context, cancellationToken);
    }

    public override Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
    {
        context.Publish(new CardCharged(message.OrderId, message.Number));
        return base.HandleAsync(message, context, cancellationToken);
    }
}

/// <summary>Replies at once, and keeps who has asked.</summary>
internal sealed class Replies(ShopDb db, Handled handled, Play play, ConcurrentQueue<ReplyAddress> kept) : Notes(db, handled, play)
{
    public override async Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
    {
        await NoteAsync(message.OrderId, message.Number, context, cancellationToken);
        kept.Enqueue(context.ReplyTo!);
        context.Reply(new CardCharged(message.OrderId, message.Number));
    }
}
