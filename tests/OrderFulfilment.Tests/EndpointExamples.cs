using System.Threading.RateLimiting;
using Messaging.Toolkit;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>The code of docs/endpoints.md.</summary>
public sealed class EndpointExamples
{
    [Fact]
    public void The_definitions_are_right()
    {
        var services = new ServiceCollection();
        services.AddKeyedSingleton<RateLimiter>("bank", new ConcurrencyLimiter(new() { PermitLimit = 10, QueueLimit = 100 }));

        services.AddMessaging(messaging =>
        {
            messaging.Stores.Add("store");
            messaging
                .Command<ChargeCard>(c => c.Named("billing.charge").To("billing"))
                .Event<PriceChanged>(e => e.Named("shop.price-changed").KeyedBy(m => m.Product).ExpiresAfter(TimeSpan.FromMinutes(5)))
                .Endpoint("billing", e => e
                    .Handle<ChargeCard, ChargeCardHandler>()
                    .Handle<PriceChanged, PriceChangedHandler>()
                    .Concurrency(32)
                    .CircuitBreaker(b => b.FailureRatio(0.5).Over(TimeSpan.FromSeconds(30)).MinimumThroughput(20).BreakFor(TimeSpan.FromSeconds(15)))
                    .RateLimit(100, per: TimeSpan.FromSeconds(1))
                    .Urgent<ChargeCard>()
                    .DeadLetterExpired())
                .Endpoint("bank", e => e.Handle<PriceChanged, PriceChangedHandler>().RateLimit(provider => provider.GetRequiredKeyedService<RateLimiter>("bank")));
        });

        services.Should().NotBeEmpty();
    }

    internal static void Publish(IMessageBus bus, Order order, string customer, string idempotencyKey)
    {
        bus.Publish(new OrderPlaced(order.Id, order.Total), o => o.IdempotencyKey = $"{customer}/{idempotencyKey}");
    }

    internal sealed record Order(Guid Id, decimal Total);

    private sealed record OrderPlaced(Guid OrderId, decimal Total);

    private sealed record ChargeCard(Guid OrderId);

    private sealed record PriceChanged(string Product);

    private sealed class ChargeCardHandler : IHandle<ChargeCard>
    {
        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class PriceChangedHandler : IHandle<PriceChanged>
    {
        public Task HandleAsync(PriceChanged message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
