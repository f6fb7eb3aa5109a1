using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Diagnostics;

/// <summary>The health check as an application adds it.</summary>
public sealed class HostHealthTests
{
    [Theory, EachDatabase]
    public async Task A_host_that_works_is_healthy_and_tells_what_waits(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync(database);
        await Verdict.EventuallyAsync(async () => (await CheckAsync(shop)).Status == HealthStatus.Healthy, "it is healthy");

        var report = await CheckAsync(shop);

        report.Data["rows in the outbox of ShopDb"].Should().Be("0 messages");
        report.Data.Keys.Should().Contain(["outbox of ShopDb", "leases of ShopDb", "endpoint billing", "dead letters of ShopDb"]);
        report.Data.Values.Append(report.Description).OfType<string>().Should().NotContain(text => text.Contains(database.ConnectionString));
    }

    [Theory, EachDatabase]
    public async Task A_dead_letter_makes_it_degraded_until_somebody_has_looked_at_it(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync(database);
        await Verdict.EventuallyAsync(async () => (await CheckAsync(shop)).Status == HealthStatus.Healthy, "it is healthy");

        await shop.InScopeAsync((db, _) => db.Database.ExecuteSqlRawAsync(
            "INSERT INTO messaging_dead_letter (origin, endpoint, message_id, type, headers, body, reason, attempts, first_failed_at, dead_at) " +
            $"VALUES ('Endpoint', 'shop', '01890000-0000-7000-8000-000000000000', 't', '{{{{}}}}', '', '', 1, '2026-01-01', '2026-01-01')"));
        await Verdict.EventuallyAsync(async () => (await CheckAsync(shop)).Status == HealthStatus.Degraded, "it is degraded");
        (await CheckAsync(shop)).Description.Should().Be("ShopDb has 1 dead letters.");

        await shop.InScopeAsync((db, _) => db.Database.ExecuteSqlRawAsync("DELETE FROM messaging_dead_letter"));
        await Verdict.EventuallyAsync(async () => (await CheckAsync(shop)).Status == HealthStatus.Healthy, "it is healthy again");
    }

    [Fact]
    public async Task Thresholds_that_cannot_be_are_told_when_the_host_starts()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await CreateAsync(database, options => options.DeadLettersDegraded = -1);

        (await shop.Invoking(x => x.StartAsync()).Should().ThrowAsync<MessagingConfigurationException>()).WithMessage("*DeadLettersDegraded of the health check is -1*");
    }

    private static Task<ShopHost> CreateAsync(TestDatabase database, Action<MessagingHealthOptions>? thresholds = null) => ShopHost.CreateAsync(
        database,
        messaging => ShopHost.Standard(messaging.Observability(options => options.MeasureInterval = TimeSpan.FromSeconds(1))),
        services =>
        {
            services.AddDbContext<ShopDb>(database.Configure);
            services.AddHealthChecks().AddMessaging(thresholds);
        });

    private static async Task<ShopHost> StartAsync(TestDatabase database)
    {
        var shop = await CreateAsync(database);
        await shop.StartAsync();
        return shop;
    }

    private static async Task<HealthReportEntry> CheckAsync(ShopHost shop) => (await shop.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["messaging"];
}
