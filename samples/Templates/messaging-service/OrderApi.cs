using Messaging.Toolkit;

namespace MessagingService;

static class OrderApi
{
    public static void MapOrders(this WebApplication app)
    {
        app.MapPost("/orders", PlaceAsync);
        app.MapGet("/orders/{id}", FindAsync);
    }

    /// <summary>The order and its message are one transaction: either both are there or none.</summary>
    private static async Task<IResult> PlaceAsync(PlaceOrder request, ServiceDb db, IMessageBus bus)
    {
        var order = new Order { Id = Guid.CreateVersion7(), Total = request.Total };
        db.Orders.Add(order);
        bus.Publish(new OrderPlaced(order.Id, order.Total));
        await db.SaveChangesAsync();
        return Results.Accepted($"/orders/{order.Id}", order);
    }

    private static async Task<IResult> FindAsync(Guid id, ServiceDb db) => await db.Orders.FindAsync(id) is { } order ? Results.Ok(order) : Results.NotFound();
}

sealed record PlaceOrder(decimal Total);
