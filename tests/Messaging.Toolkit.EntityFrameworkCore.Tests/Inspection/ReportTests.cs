using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Inspection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Inspection;

/// <summary>The configuration, as it is told at start and to whoever asks.</summary>
public sealed class ReportTests
{
    private const int Report = 7;

    [Fact]
    public async Task It_says_what_is_published_where_and_handled_with_which_settings()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database, messaging => ShopHost.Messages(messaging)
            .Source("/shop")
            .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>().Concurrency(4).ShareCommits(10).RateLimit(100, TimeSpan.FromSeconds(1))
                .OnFailure(f => f.RetryImmediately(2).ThenAfter(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1)).ThenDeadLetter()))
            .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedHandler>().Handle<CardCharged, CardChargedHandler>()));

        shop.Services.GetRequiredService<IMessagingInspector>().Describe().ToString().Should().Be(
            """
            /shop publishes and sends:
              message               kind     keyed  transport   to       handled here by
              billing.card-charged  event    yes    in-process  shop     shop
              billing.charge-card   command  yes    in-process  billing  billing
              shop.order-placed     event    yes    in-process  shop     shop
            and handles:
              endpoint  message               handler
              billing   billing.charge-card   ChargeCardHandler
              shop      billing.card-charged  CardChargedHandler
              shop      shop.order-placed     OrderPlacedHandler
            with these settings:
              endpoint  store   from        concurrency  shared commits  prefetch  when a handler fails                                   limits
              billing   ShopDb  in-process  4            10              1000      2 retries, after 00:00:05, 00:01:00, then dead letter  at most 100 in 00:00:01
              shop      ShopDb  in-process  8            32              1000      3 retries, then dead letter                            -

            """);
    }

    [Theory, EachDatabase]
    public async Task It_is_in_the_log_when_the_host_starts(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database);

        shop.Log.Lines.Should().ContainSingle(line => line.Id == Report && line.Level == LogLevel.Information)
            .Which.Text.Should().Be(shop.Services.GetRequiredService<IMessagingInspector>().Describe().ToString());
    }
}
