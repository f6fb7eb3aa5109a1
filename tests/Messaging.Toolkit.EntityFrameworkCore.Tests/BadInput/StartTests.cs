using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.BadInput;

/// <summary>What is wrong with the store fails when the host starts, with the line that mends it, and without touching the database.</summary>
public sealed class StartTests
{
    [Fact]
    public Task A_context_without_the_tables_is_refused()
        => RefusedAsync<TablelessDb>(
            services => services.AddDbContext<TablelessDb>(options => options.UseSqlite("Data Source=/nowhere/at-all.db")),
            "*TablelessDb has no messaging tables*modelBuilder.AddMessaging();*OnModelCreating*migration*");

    [Fact]
    public Task A_context_that_is_not_registered_is_refused()
        => RefusedAsync<ShopDb>(_ => { }, "*ShopDb is not registered*services.AddDbContext<ShopDb>(...)*");

    [Fact]
    public async Task All_errors_of_all_stores_are_reported_together()
    {
        using var host = Build(
            services => services.AddDbContext<TablelessDb>(options => options.UseSqlite("Data Source=:memory:")),
            m => m.UseEntityFrameworkCore<TablelessDb>().UseEntityFrameworkCore<ShopDb>());

        (await host.Invoking(x => x.StartAsync()).Should().ThrowAsync<MessagingConfigurationException>()).Which.Errors.Should().HaveCount(2);
    }

    [Fact]
    public void A_context_that_is_given_twice_is_refused()
    {
        var act = () => new ServiceCollection().AddMessaging(m => m.UseEntityFrameworkCore<ShopDb>().UseEntityFrameworkCore<ShopDb>());
        act.Should().Throw<MessagingConfigurationException>().WithMessage("*UseEntityFrameworkCore<ShopDb>() was called twice*once for each*");
    }

    [Theory, EachDatabase]
    public async Task An_application_starts_while_its_database_is_away_and_goes_to_work_when_it_is_there(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using (var creator = await ShopHost.CreateAsync(database))
        {
            await creator.InScopeAsync(async (db, bus) =>
            {
                bus.Publish(new OrderPlaced("a", 1));
                await db.SaveChangesAsync();
                await RenameAsync(db, "messaging_outbox", "away");
                await RenameAsync(db, "messaging_lease", "away_too");
            });
        }

        using var host = Build(
            services => services.AddDbContext<ShopDb>(database.Configure).AddSingleton<Handled>(),
            m => m.UseEntityFrameworkCore<ShopDb>().Outbox(outbox => outbox.MaxBackoff = TimeSpan.FromMilliseconds(200)),
            ShopHost.Standard);
        await host.StartAsync();
        (await CheckAsync(host)).Status.Should().Be(HealthStatus.Unhealthy);
        await using (var scope = host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
            await RenameAsync(db, "away", "messaging_outbox");
            await RenameAsync(db, "away_too", "messaging_lease");
        }

        await host.Services.GetRequiredService<Handled>().WaitAsync(3).WaitAsync(TimeSpan.FromSeconds(60));
        (await CheckAsync(host)).Should().BeEquivalentTo(new { Status = HealthStatus.Healthy });
        await host.StopAsync();
    }

    private static Task<HealthCheckResult> CheckAsync(IHost host)
        => host.Services.GetRequiredService<MessagingHealthCheck>().CheckHealthAsync(new() { Registration = new("messaging", _ => null!, null, null) });

    private static async Task RefusedAsync<TContext>(Action<IServiceCollection> services, string message) where TContext : DbContext
    {
        using var host = Build(services, m => m.UseEntityFrameworkCore<TContext>());
        (await host.Invoking(x => x.StartAsync()).Should().ThrowAsync<MessagingConfigurationException>()).WithMessage(message);
    }

    private static IHost Build(Action<IServiceCollection> services, params Action<Messaging.Toolkit.Configuration.MessagingBuilder>[] messaging)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        services(builder.Services);
        builder.Services.AddMessaging(m =>
        {
            foreach (var configure in messaging)
            {
                configure(m);
            }
        });
        return builder.Build();
    }

#pragma warning disable EF1002 // The names are the test's own.
    private static Task RenameAsync(DbContext db, string from, string to) => db.Database.ExecuteSqlRawAsync($"ALTER TABLE {from} RENAME TO {to}");
#pragma warning restore EF1002

    private sealed class TablelessDb(DbContextOptions<TablelessDb> options) : DbContext(options);
}
