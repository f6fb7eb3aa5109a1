using Messaging.Toolkit.Configuration;
using Microsoft.EntityFrameworkCore;
using OrderFulfilment.Checkout;
using OrderFulfilment.Ordering;
using OrderFulfilment.Payment;
using OrderFulfilment.Shipping;
using OrderFulfilment.Stock;
using EndpointBuilder = Messaging.Toolkit.Configuration.EndpointBuilder; // ASP.NET Core has one too.

namespace OrderFulfilment;

/// <summary>Everything but HTTP: all messages, who handles them, and the database. Tests and simulations run it as it is here.</summary>
public static class OrderFulfilmentServices
{
    private static readonly Dictionary<string, Action<EndpointBuilder>> All = new()
    {
        ["ordering"] = e => e
            .Handle<StockReserved, OrderProgress>()
            .Handle<StockUnavailable, OrderProgress>()
            .Handle<StockReleased, OrderProgress>()
            .Handle<CardCharged, OrderProgress>()
            .Handle<CardDeclined, OrderProgress>()
            .Handle<OrderShipped, OrderProgress>()
            .Saga<CheckoutSaga>(),
        ["stock"] = e => e
            .Handle<OrderPlaced, ReserveStock>()
            .Handle<CardDeclined, ReleaseStock>()
            .Handle<OrderShipped, CloseReservation>()
            .Handle<ReserveGoods, GoodsHandlers>()
            .Handle<ReleaseGoods, GoodsHandlers>()
            .ShareCommits(1), // Orders share stock levels: one row lock per transaction, so that no two wait for each other.
        ["payment"] = e => e
            .Handle<ChargeCard, ChargeCardHandler>()
            .Handle<CheckForFraud, FraudHandler>()
            .OnFailure(f => f.RetryImmediately(5).ThenDeadLetter()),
        ["shipping"] = e => e
            .Handle<StockReserved, Parcels>()
            .Handle<CardCharged, Parcels>()
            .Handle<CardDeclined, Parcels>()
            .Handle<ShipGoods, ShipHandler>(),
    };

    /// <summary>The names of all endpoints.</summary>
    public static IReadOnlyList<string> Endpoints { get; } = ["ordering", "stock", "payment", "shipping"];

    /// <param name="services">The application's.</param>
    /// <param name="database">Says where the database is.</param>
    /// <param name="transport">Brings messages over a broker. Default: they stay in the process.</param>
    /// <param name="endpoints">Those that run in this process; the others must run in another one. Default: all.</param>
    public static IServiceCollection AddOrderFulfilment(
        this IServiceCollection services, Action<DbContextOptionsBuilder> database, Action<MessagingBuilder>? transport = null, IReadOnlyList<string>? endpoints = null)
    {
        services.AddDbContext<FulfilmentDb>(database); // Nothing special here.

        services.AddMessaging(messaging =>
        {
            messaging
                .UseEntityFrameworkCore<FulfilmentDb>()
                .Source("/samples/order-fulfilment")

                // After a crash nobody relays what is left until the lease of the dead process is over: with 3 s instead of 10 s a
                // restart goes to work sooner, for a few more statements per second. Keep it well above MaxPollInterval (1 s).
                .Outbox(outbox => outbox.LeaseDuration = TimeSpan.FromSeconds(3))

                // GET /orders/{id}/flow shows it.
                .Journal()

                // One key for all: what concerns a customer is done in the order in which it happened, and customers do not wait for each other.
                .Event<OrderPlaced>(e => e.Named("ordering.order-placed").KeyedBy(m => m.Customer))
                .Event<StockReserved>(e => e.Named("stock.reserved").KeyedBy(m => m.Customer))
                .Event<StockUnavailable>(e => e.Named("stock.unavailable").KeyedBy(m => m.Customer))
                .Event<StockReleased>(e => e.Named("stock.released").KeyedBy(m => m.Customer))
                .Command<ChargeCard>(c => c.Named("payment.charge-card").To("payment").KeyedBy(m => m.Customer))
                .Event<CardCharged>(e => e.Named("payment.card-charged").KeyedBy(m => m.Customer))
                .Event<CardDeclined>(e => e.Named("payment.card-declined").KeyedBy(m => m.Customer))
                .Event<OrderShipped>(e => e.Named("shipping.order-shipped").KeyedBy(m => m.Customer))

                // What the checkout sends and hears. Its replies find their way by themselves, and in the order of its steps.
                .Command<ReserveGoods>(c => c.Named("checkout.reserve-goods").To("stock").KeyedBy(m => m.OrderId))
                .Command<ReleaseGoods>(c => c.Named("checkout.release-goods").To("stock").KeyedBy(m => m.OrderId))
                .Command<CheckForFraud>(c => c.Named("checkout.check-for-fraud").To("payment").KeyedBy(m => m.OrderId))
                .Command<ShipGoods>(c => c.Named("checkout.ship-goods").To("shipping").KeyedBy(m => m.OrderId))
                .Event<GoodsReserved>(e => e.Named("checkout.goods-reserved"))
                .Event<GoodsUnavailable>(e => e.Named("checkout.goods-unavailable"))
                .Event<FraudCleared>(e => e.Named("checkout.fraud-cleared"))
                .Event<FraudSuspected>(e => e.Named("checkout.fraud-suspected"))
                .Event<GoodsShipped>(e => e.Named("checkout.goods-shipped"))
                .Event<CheckoutCompleted>(e => e.Named("checkout.completed").KeyedBy(m => m.OrderId));

            // All processes know all messages, because each relays what any of them has published.
            transport?.Invoke(messaging);
            foreach (var endpoint in endpoints ?? Endpoints)
            {
                messaging.Endpoint(endpoint, All[endpoint]);
            }
        });
        return services;
    }
}
