using Messaging.Toolkit.Sagas;

namespace MessagingSaga;

static class CheckoutApi
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static void MapCheckouts(this WebApplication app)
    {
        app.MapPost("/checkouts", RunAsync);
        app.MapGet("/checkouts/{id}", FindAsync);
        app.MapGet("/stock/{product}", async (string product, ServiceDb db) => await db.Stock.FindAsync(product));
    }

    /// <summary>Starts a saga and waits for its end; one that takes longer goes on, and can be asked for.</summary>
    private static async Task<IResult> RunAsync(CheckoutRequest request, ISagas sagas, CancellationToken cancellationToken)
    {
        var state = new Checkout(Guid.CreateVersion7(), request.Product, request.Quantity, request.Total);
        var outcome = await sagas.RunAsync<CheckoutSaga, Checkout>(state, Patience, state.OrderId, cancellationToken);
        return outcome switch
        {
            { IsCompleted: true } => Results.Ok(new { outcome.Id }),
            { IsCompensated: true } => Results.Conflict(new { outcome.Id, outcome.Reason }),
            _ => Results.Accepted($"/checkouts/{outcome.Id}", new { outcome.Id }),
        };
    }

    private static async Task<IResult> FindAsync(Guid id, ISagas sagas) => await sagas.FindAsync(id) is { } saga ? Results.Ok(new { saga.Id, Status = $"{saga.Status}" }) : Results.NotFound();
}

sealed record CheckoutRequest(string Product, int Quantity, decimal Total);
