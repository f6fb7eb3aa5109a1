using Messaging.Toolkit;
using Messaging.Toolkit.Journal;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Primitives;

namespace OrderFulfilment.Ordering;

/// <summary>Orders over HTTP.</summary>
public static class OrdersApi
{
    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/orders", (PlaceOrderRequest request, HttpRequest http, FulfilmentDb db, IMessageBus bus, TimeProvider time, CancellationToken cancellationToken)
            => PlaceAsync(request, db, bus, time, cancellationToken, http.Headers[IdempotencyKey.Header]));
        routes.MapGet("/orders/{id:guid}", ShowAsync);
        routes.MapGet("/orders/{id:guid}/flow", DrawAsync);
    }

    /// <summary>
    /// 201 for a new order; 200 if it is there already, so a client that got no answer simply asks again; 409 if its id
    /// belongs to another order; 400 if it makes no sense. A client that sends an Idempotency-Key needs no id: asked again it gets the
    /// answer of the first time, also when both come at once, and 422 if it asks for something else under that key.
    /// </summary>
    public static async Task<IResult> PlaceAsync(
        PlaceOrderRequest request, FulfilmentDb db, IMessageBus bus, TimeProvider time, CancellationToken cancellationToken, StringValues idempotencyKey = default)
    {
        if (request.Validate() is { Count: > 0 } errors)
        {
            return Results.ValidationProblem(errors);
        }

        string? key = null;
        if (idempotencyKey.Count > 0)
        {
            if (IdempotencyKey.Read(idempotencyKey) is not { } ofClient)
            {
                return Results.Problem($"{IdempotencyKey.Header} must be one string of 1 to 200 printable ASCII characters, such as \"8e03978e-40d5-43dd-bc93-6894a57f9324\".", statusCode: StatusCodes.Status400BadRequest);
            }

            if (request.Id is not null)
            {
                return Results.Problem($"Send either an id or an {IdempotencyKey.Header}: two of them could contradict each other.", statusCode: StatusCodes.Status400BadRequest);
            }

            key = IdempotencyKey.Of(request.Customer!, ofClient);
            request = request with { Id = IdempotencyKey.OrderId(key) };
        }

        var order = request.ToOrder(time.GetUtcNow());
        if (await FindAsync(db, order.Id, cancellationToken) is { } known)
        {
            return Repeated(request, known, key);
        }

        db.Orders.Add(order);
        bus.Publish(new OrderPlaced(order.Id, order.Customer, order.Product, order.Quantity), options =>
        {
            options.IdempotencyKey = key;
            options.CorrelationId = order.Id.ToString(); // By which the journal finds what has become of it.
        });
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
                return Repeated(request, winner, key);
            }

            throw;
        }

        if (key is not null)
        {
            // As it was saved: the answer must be the same to the last digit when the client asks again.
            return Repeated(request, (await FindAsync(db, order.Id, cancellationToken))!, key);
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

    /// <summary>Everything that happened because of an order, as a Mermaid sequence diagram.</summary>
    private static async Task<IResult> DrawAsync(Guid id, IJournal journal, CancellationToken cancellationToken)
    {
        var conversations = await journal.FindConversationsAsync(id.ToString(), cancellationToken);
        return conversations is [var first, ..]
            ? Results.Text((await journal.GetConversationAsync(first, cancellationToken)).ToMermaid())
            : Results.NotFound();
    }

    private static Task<Order?> FindAsync(FulfilmentDb db, Guid id, CancellationToken cancellationToken)
        => db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.Id == id, cancellationToken);

    private static IResult Repeated(PlaceOrderRequest request, Order order, string? key) => (key, request.Ordered(order)) switch
    {
        (not null, true) => Results.Created(LocationOf(order), OrderView.AsPlaced(order)),
        (not null, false) => Results.Problem(
            $"This {IdempotencyKey.Header} was sent with another order: choose a new one for each.", statusCode: StatusCodes.Status422UnprocessableEntity),
        _ => Repeated(request, order),
    };

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
