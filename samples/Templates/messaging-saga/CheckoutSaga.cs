using Messaging.Toolkit.Sagas;

namespace MessagingSaga;

/// <summary>Steps in their order. When one fails, what was done is undone in the reverse order; behind the pivot there is only forwards.</summary>
sealed class CheckoutSaga : Saga<Checkout>
{
    protected override void Define(ISagaBuilder<Checkout> saga) => saga
        .Named("shop.checkout")
        .Step("reserve-goods", s => s
            .Send(c => new ReserveGoods(c.OrderId, c.Product, c.Quantity))
            .Succeeds<GoodsReserved>()
            .Fails<GoodsUnavailable>(_ => "there is not enough in stock")
            .Timeout(TimeSpan.FromMinutes(2))
            .Compensate(c => new ReleaseGoods(c.OrderId)))
        .Pivot("charge", s => s.Run<Charge>())
        .Step("tell-customer", s => s.Publish(c => new CheckoutCompleted(c.OrderId)));
}

/// <summary>What an instance knows. It is stored as JSON.</summary>
sealed record Checkout(Guid OrderId, string Product, int Quantity, decimal Total);

/// <summary>Runs in the transaction in which the saga is saved.</summary>
sealed class Charge(ServiceDb db) : ISagaActivity<Checkout>
{
    private const decimal Limit = 1000;

    public Task<ActivityResult> ExecuteAsync(Checkout state, ActivityContext context, CancellationToken cancellationToken)
    {
        if (state.Total > Limit)
        {
            return Task.FromResult(ActivityResult.Failed($"the card is good for {Limit}"));
        }

        db.Payments.Add(new Payment { OrderId = state.OrderId, Amount = state.Total });
        return Task.FromResult(ActivityResult.Done);
    }
}
