using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>The health check tells of sagas where there are any.</summary>
public sealed class SagaHealthTests
{
    [Theory, EachDatabase]
    public async Task An_application_without_sagas_hears_nothing_of_them(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database);
        await Verdict.EventuallyAsync(async () => (await shop.HealthAsync()).Status == HealthStatus.Healthy, "it is healthy");

        (await shop.HealthAsync()).Data.Keys.Should().NotContain(name => name.StartsWith("sagas of") || name.StartsWith("timeouts of"));
    }

    [Theory, EachDatabase]
    public async Task An_application_with_sagas_hears_of_their_versions_and_their_timeouts(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Configure);
        await Verdict.EventuallyAsync(async () => (await shop.HealthAsync()).Status == HealthStatus.Healthy, "it is healthy");

        (await shop.HealthAsync()).Data.Keys.Should().Contain(["sagas of ShopDb", "timeouts of ShopDb"]);
    }

    [Fact]
    public async Task A_host_that_does_not_run_the_endpoints_of_sagas_has_nothing_to_tell_of_them()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.StartAsync(database, m => Configure(m.Outbox(o => o.RelayHere = false)));

        (await shop.HealthAsync()).Data.Should().BeEmpty();
    }

    private static void Configure(MessagingBuilder messaging) => messaging
        .Event<ItemAdded>(e => e.Named("item-added"))
        .Event<BasketClosed>(e => e.Named("basket-closed"))
        .Endpoint("baskets", e => e.Process<Basket>());
}

internal static class Health
{
    public static Task<HealthCheckResult> HealthAsync(this ShopHost host)
        => host.Services.GetRequiredService<MessagingHealthCheck>().CheckHealthAsync(new() { Registration = new("messaging", _ => null!, null, null) });
}
