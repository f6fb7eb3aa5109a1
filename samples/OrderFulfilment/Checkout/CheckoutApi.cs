using Messaging.Toolkit.Sagas;
using OrderFulfilment.Ordering;

namespace OrderFulfilment.Checkout;

/// <summary>Checkouts over HTTP: the caller waits for the end of a saga.</summary>
public static class CheckoutApi
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static void MapCheckouts(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/checkouts", CheckOutAsync);
        routes.MapGet("/checkouts/{id:guid}", ShowAsync);
        routes.MapGet("/checkouts/{id:guid}/diagram", DrawAsync);
    }

    /// <summary>
    /// 200 when everything is done; 409 with the reason when everything is undone; 202 with an address to ask at when it takes longer than
    /// anybody wants to wait. A repeated request, with the same id, is the same checkout.
    /// </summary>
    public static async Task<IResult> CheckOutAsync(PlaceOrderRequest request, ISagas sagas, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Validate() is { Count: > 0 } errors)
        {
            return Results.ValidationProblem(errors);
        }

        var order = request.ToOrder(time.GetUtcNow());
        var outcome = await sagas.RunAsync<CheckoutSaga, CheckoutState>(CheckoutState.Of(order), Patience, order.Id, cancellationToken);
        return outcome.Status switch
        {
            SagaStatus.Completed => Results.Ok(outcome.State),
            SagaStatus.Compensated => Results.Problem(outcome.Reason, statusCode: StatusCodes.Status409Conflict),
            _ => Results.Accepted($"/checkouts/{outcome.Id}"),
        };
    }

    private static async Task<IResult> ShowAsync(Guid id, ISagas sagas, CancellationToken cancellationToken)
        => await sagas.FindAsync(id, cancellationToken) is { } checkout
            ? Results.Ok(new { checkout.Id, checkout.Status, checkout.Position, checkout.Reason, History = await sagas.GetHistoryAsync(id, cancellationToken) })
            : Results.NotFound();

    /// <summary>Mermaid, with the step marked that it stands at.</summary>
    private static async Task<IResult> DrawAsync(Guid id, ISagas sagas, CancellationToken cancellationToken)
        => await sagas.FindAsync(id, cancellationToken) is { } checkout
            ? Results.Text(sagas.ToMermaid(checkout.Definition, checkout))
            : Results.NotFound();
}
