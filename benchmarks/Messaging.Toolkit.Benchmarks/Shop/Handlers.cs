namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>Does nothing but count: what remains is the toolkit.</summary>
internal sealed class NoopHandler(Tally tally) : IHandle<OrderPlaced>
{
    public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        tally.Handle(message);
        return Task.CompletedTask;
    }
}

/// <summary>Writes one row.</summary>
internal sealed class InvoiceHandler(ShopDb db, Tally tally) : IHandle<OrderPlaced>
{
    public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
    {
        tally.Handle(message);
        db.Invoices.Add(new Invoice { Customer = message.Customer, Number = message.Number });
        return Task.CompletedTask;
    }
}
