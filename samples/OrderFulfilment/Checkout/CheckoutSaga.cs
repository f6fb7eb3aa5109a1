using Messaging.Toolkit.Sagas;

namespace OrderFulfilment.Checkout;

/// <summary>
/// The same business as the events of the other folders, orchestrated: one place says what happens in which order, and what is undone when
/// it does not work out. Compare: there each service reacts to what others tell, and the whole is nowhere; here the whole is this page, and it
/// has to know every service.
/// </summary>
public sealed class CheckoutSaga : Saga<CheckoutState>
{
    protected override void Define(ISagaBuilder<CheckoutState> saga) => saga
        .Named("ordering.checkout")
        .Timeout(TimeSpan.FromMinutes(10))
        .Step("record-order", s => s.Run<RecordOrder>().Compensate<RejectOrder>())
        .Step("reserve-stock", s => s
            .Send(c => new ReserveGoods(c.OrderId, c.Product, c.Quantity))
            .Succeeds<GoodsReserved>()
            .Fails<GoodsUnavailable>(_ => "there is not enough in stock")
            .Compensate(c => new ReleaseGoods(c.OrderId)))
        .Parallel("verify", p => p
            .Step("check-fraud", s => s
                .Send(c => new CheckForFraud(c.OrderId, c.Customer, c.Amount))
                .Succeeds<FraudCleared>()
                .Fails<FraudSuspected>(reply => reply.Reason)
                .Timeout(TimeSpan.FromMinutes(1)))
            .Step("hold-funds", s => s.Run<HoldFunds>().Compensate<ReleaseFunds>()))
        .Pivot("capture-funds", s => s.Run<CaptureFunds>()) // The customer has paid: from here on the goods leave the house, whatever it takes.
        .Step("ship", s => s
            .Send(c => new ShipGoods(c.OrderId, c.Customer, c.Product, c.Quantity))
            .Succeeds<GoodsShipped>())
        .Step("complete-order", s => s.Run<CompleteOrder>())
        .Step("tell-customer", s => s.Publish(c => new CheckoutCompleted(c.OrderId)));
}
