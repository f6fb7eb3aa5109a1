using Messaging.Toolkit;
using Messaging.Toolkit.Sagas;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>The code of docs/several-transports.md.</summary>
public sealed class TransportExamples
{
    [Fact]
    public void The_definitions_are_right()
    {
        var builder = WebApplication.CreateBuilder();

        builder.Services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<ShopDb>()
            .UseRabbitMQ(r => r.Uri = new("amqp://localhost"))                              // "rabbitmq", and the default: it is the first
            .UseKafka(k => k.BootstrapServers = "localhost:9092")                           // "kafka"
            .UseKafka("audit", k => k.BootstrapServers = "audit.example:9092")              // another of a kind has a name of its own
            .Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(m => m.OrderId).Via("kafka"))
            .Event<OrderAudited>(e => e.Named("shop.order-audited").Via("audit"))
            .Event<OrderCounted>(e => e.Named("shop.order-counted").Via("in-process"))      // this one never leaves the process
            .Command<ChargeCard>(c => c.Named("billing.charge-card").To("billing").KeyedBy(m => m.OrderId))
            .Event<CardCharged>(e => e.Named("billing.card-charged"))
            .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>())            // from RabbitMQ
            .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedHandler>())             // from Kafka, as the event comes from there
            .Endpoint("sagas", e => e.Via("kafka").Saga<CheckoutSaga>()));                  // what it asks for is answered over Kafka

        builder.Services.Should().NotBeEmpty();
    }

    private sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options);

    private sealed record OrderPlaced(Guid OrderId);

    private sealed record OrderAudited(Guid OrderId);

    private sealed record OrderCounted(Guid OrderId);

    private sealed record ChargeCard(Guid OrderId);

    private sealed record CardCharged(Guid OrderId);

    private sealed record Checkout(Guid OrderId);

    private sealed class CheckoutSaga : Saga<Checkout>
    {
        protected override void Define(ISagaBuilder<Checkout> saga) => saga
            .Named("shop.checkout")
            .Step("charge", s => s.Send(c => new ChargeCard(c.OrderId)).Succeeds<CardCharged>());
    }

    private sealed class ChargeCardHandler : IHandle<ChargeCard>
    {
        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class OrderPlacedHandler : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
