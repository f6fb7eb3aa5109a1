using Messaging.Toolkit;
using Microsoft.EntityFrameworkCore;

namespace OrderFulfilment.Ordering;

/// <summary>Orders over HTTP.</summary>
public static class OrdersApi
{
    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/orders", PlaceAsync);
        routes.MapGet("/orders/{id:guid}", ShowAsync);
    }

    /// <summary>
    /// 201 for a new order; 200 if it is there already, so a client that got no answer simply asks again; 409 if its id
    /// belongs to another order; 400 if it makes no sense.
    /// </summary>
    public static async Task<IResult> PlaceAsync(PlaceOrderRequest request, FulfilmentDb db, IMessageBus bus, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Validate() is { Count: > 0 } errors)
        {
            return Results.ValidationProblem(errors);
        }

        var order = request.ToOrder(time.GetUtcNow());
        if (await FindAsync(db, order.Id, cancellationToken) is { } known)
        {
            return Repeated(request, known);
        }

        db.Orders.Add(order);
        bus.Publish(new OrderPlaced(order.Id, order.Customer, order.Product, order.Quantity));
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException)
        {
            // The same request may have come twice at once; then the other one has won, and its event has left with it.
            db.ChangeTracker.Clear();
            db.DiscardMessages();
            if (await FindAsync(db, order.Id, cancellationToken) is { } winner)
            {
                return Repeated(request, winner);
            }

            throw;
        }

        return Results.Created(LocationOf(order), OrderView.Of(order, []));
    }

    private static async Task<IResult> ShowAsync(Guid id, FulfilmentDb db, CancellationToken cancellationToken)
    {
        var order = await FindAsync(db, id, cancellationToken);
        if (order is null)
        {
            return Results.NotFound();
        }

        var history = await db.History.AsNoTracking().Where(entry => entry.OrderId == id).OrderBy(entry => entry.Id).ToListAsync(cancellationToken);
        return Results.Ok(OrderView.Of(order, history));
    }

    private static Task<Order?> FindAsync(FulfilmentDb db, Guid id, CancellationToken cancellationToken)
        => db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.Id == id, cancellationToken);

    private static IResult Repeated(PlaceOrderRequest request, Order order) => request.Ordered(order)
        ? new WithLocation(LocationOf(order), Results.Ok(OrderView.Of(order, [])))
        : Results.Problem($"Order {order.Id} is another one: choose a new id.", statusCode: StatusCodes.Status409Conflict);

    private static string LocationOf(Order order) => $"/orders/{order.Id}";

    private sealed class WithLocation(string location, IResult result) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.Location = location;
            return result.ExecuteAsync(httpContext);
        }
    }
}
