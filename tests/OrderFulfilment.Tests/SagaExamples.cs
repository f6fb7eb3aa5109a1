using Messaging.Toolkit;
using Messaging.Toolkit.Sagas;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>The code of docs/sagas.md and of the README's part on sagas.</summary>
public sealed class SagaExamples
{
    [Fact]
    public void The_definitions_are_right()
    {
        var services = new ServiceCollection();

        services.AddMessaging(messaging =>
        {
            messaging.Stores.Add("store");
            messaging
                .Command<ReserveStock>(c => c.Named("stock.reserve").To("stock"))
                .Command<ReleaseStock>(c => c.Named("stock.release").To("stock"))
                .Command<CheckFraud>(c => c.Named("fraud.check").To("stock"))
                .Command<Ship>(c => c.Named("shipping.ship").To("stock"))
                .Command<ChargeCard>(c => c.Named("billing.charge").To("stock"))
                .Event<StockReserved>(e => e.Named("stock.reserved"))
                .Event<StockUnavailable>(e => e.Named("stock.unavailable"))
                .Event<FraudCleared>(e => e.Named("fraud.cleared"))
                .Event<FraudSuspected>(e => e.Named("fraud.suspected"))
                .Event<Shipped>(e => e.Named("shipping.shipped"))
                .Event<CheckoutCompleted>(e => e.Named("shop.completed"))
                .Event<OrderPlaced>(e => e.Named("shop.placed"))
                .Event<CardCharged>(e => e.Named("billing.charged"))
                .Event<OrderAbandoned>(e => e.Named("shop.abandoned"))
                .Endpoint("stock", e => e
                    .Handle<ReserveStock, ReserveStockHandler>()
                    .Handle<ReleaseStock, Other>().Handle<CheckFraud, Other>().Handle<Ship, Other>().Handle<ChargeCard, Other>())
                .Endpoint("shop", e => e.Saga<CheckoutSaga>().Process<OrderProcess>());
        });

        services.Should().NotBeEmpty();
    }

    private static async Task<SagaOutcome<Checkout>> StartAsync(ISagas sagas, (Guid Id, int Number) order, string[] lines, Checkout state, TimeSpan timeout)
    {
        sagas.Start<CheckoutSaga, Checkout>(new Checkout(order.Id, lines));                       // enlists like Publish
        SagaOutcome<Checkout> outcome = await sagas.RunAsync<CheckoutSaga, Checkout>(state, timeout);  // the sync wrapper: completed, compensated (why), or still running (id)
        return outcome;
    }

    private static void Upgrade(ISagaBuilder<Checkout> saga) => _ = saga
        .Version(2, upgrade => upgrade
            .Rename("reserve-stock", "reserve")
            .MapState(json => json["currency"] = "EUR"))
        .Named("shop.checkout");

    private
    sealed class CheckoutSaga : Saga<Checkout>
    {
        protected override void Define(ISagaBuilder<Checkout> saga) => saga
            .Named("shop.checkout")
            .Step("reserve-stock", s => s
                .Send(c => new ReserveStock(c.OrderId, c.Lines))
                .Succeeds<StockReserved>((c, reply) => c.ReservationId = reply.ReservationId)
                .Fails<StockUnavailable>(reply => reply.Reason)
                .Timeout(TimeSpan.FromMinutes(2))
                .Compensate(c => new ReleaseStock(c.ReservationId)))
            .Parallel("verify", p => p
                .Step("check-fraud", s => s.Send(c => new CheckFraud(c.OrderId)).Succeeds<FraudCleared>().Fails<FraudSuspected>(reply => reply.Reason))
                .Step("hold-funds", s => s.Run<HoldFunds>().Compensate<ReleaseFunds>()))      // in-process activity, in the transaction
            .Pivot("capture", s => s.Run<CaptureFunds>())       // from here only forwards: later steps are retried and cannot be
            .Step("ship", s => s.Send(c => new Ship(c.OrderId)).Succeeds<Shipped>()) // given a Compensate: it does not compile
            .Step("tell-customer", s => s.Publish(c => new CheckoutCompleted(c.OrderId)));
    }

    private
    sealed class OrderProcess : ProcessManager<OrderState>
    {
        protected override void Define(IProcessBuilder<OrderState> process) => process
            .Named("shop.order")
            .Initially(p => p.When<OrderPlaced>(m => m.OrderId)
                .Then((state, m, context) => { state.Id = m.OrderId; state.Total = m.Total; context.Send(new ChargeCard(m.OrderId, m.Total)); })
                .Schedule("payment-overdue", TimeSpan.FromHours(1), state => new PaymentOverdue(state.Id))
                .GoTo("awaiting-payment"))
            .During("awaiting-payment", p => p
                .When<CardCharged>(m => m.OrderId).Unschedule("payment-overdue").GoTo("paid").Complete()
                .WhenTimeout<PaymentOverdue>().Then((state, m, context) => context.Publish(new OrderAbandoned(state.Id))).GoTo("abandoned").Complete());
    }

    private
    sealed class ReserveStockHandler : IHandle<ReserveStock>
    {
        public Task HandleAsync(ReserveStock message, MessageContext context, CancellationToken cancellationToken)
        {
            context.Reply(new StockReserved(Guid.CreateVersion7()));
            return Task.CompletedTask;
        }
    }

    private sealed class Other : IHandle<ReleaseStock>, IHandle<CheckFraud>, IHandle<Ship>, IHandle<ChargeCard>
    {
        public Task HandleAsync(ReleaseStock message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(CheckFraud message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(Ship message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private abstract class Activity : ISagaActivity<Checkout>
    {
        public Task<ActivityResult> ExecuteAsync(Checkout state, ActivityContext context, CancellationToken cancellationToken) => Task.FromResult(ActivityResult.Done);
    }

    private sealed class HoldFunds : Activity;

    private sealed class ReleaseFunds : Activity;

    private sealed class CaptureFunds : Activity;

    private sealed record Checkout(Guid OrderId, string[] Lines)
    {
        public Guid ReservationId { get; set; }
    }

    private sealed class OrderState
    {
        public Guid Id { get; set; }

        public decimal Total { get; set; }
    }

    private sealed record ReserveStock(Guid OrderId, string[] Lines);

    private sealed record ReleaseStock(Guid ReservationId);

    private sealed record CheckFraud(Guid OrderId);

    private sealed record Ship(Guid OrderId);

    private sealed record ChargeCard(Guid OrderId, decimal Amount);

    private sealed record StockReserved(Guid ReservationId);

    private sealed record StockUnavailable(string Reason);

    private sealed record FraudCleared;

    private sealed record FraudSuspected(string Reason);

    private sealed record Shipped;

    private sealed record CheckoutCompleted(Guid OrderId);

    private sealed record OrderPlaced(Guid OrderId, decimal Total);

    private sealed record CardCharged(Guid OrderId);

    private sealed record OrderAbandoned(Guid OrderId);

    private sealed record PaymentOverdue(Guid OrderId);
}
