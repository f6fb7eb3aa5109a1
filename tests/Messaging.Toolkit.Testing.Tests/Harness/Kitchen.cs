using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Harness;

/// <summary>
/// An application to run in a harness: a waiter takes orders, a cook cooks them. What the cook does is up to each test.
/// </summary>
internal sealed class Kitchen : ISimulatedApplication
{
    public void ConfigureServices(IServiceCollection services)
    {
        services.AddDbContext<KitchenDb>(options => options.UseSqlite("Data Source=nowhere/kitchen.db"));
        services.AddSingleton(new Recipe((_, _, _) => Task.CompletedTask));
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<KitchenDb>()
            .Command<Cook>(c => c.Named("cook").To("cook").KeyedBy(m => m.Table))
            .Event<Cooked>(e => e.Named("cooked").KeyedBy(m => m.Table))
            .Event<Paid>(e => e.Named("paid"))
            .Endpoint("cook", e => e.Handle<Cook, CookHandler>())
            .Endpoint("waiter", e => e.Handle<Cooked, CookedHandler>()));
    }

    public static MessagingHarness Start(Func<Cook, MessageContext, IServiceProvider, Task>? recipe = null)
        => MessagingHarness.Start<Kitchen>(services =>
        {
            if (recipe is not null)
            {
                services.AddSingleton(new Recipe(recipe));
            }
        });
}

internal sealed record Recipe(Func<Cook, MessageContext, IServiceProvider, Task> Follow);

internal sealed record Cook(int Table, string Dish);

internal sealed record Cooked(int Table, string Dish);

internal sealed record Paid(int Table);

internal sealed class Meal
{
    public int Id { get; init; }

    public required int Table { get; init; }

    public required string Dish { get; init; }

    public bool IsServed { get; set; }
}

internal sealed class KitchenDb(DbContextOptions<KitchenDb> options) : DbContext(options)
{
    public DbSet<Meal> Meals => Set<Meal>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}

internal sealed class CookHandler(KitchenDb db, Recipe recipe, IServiceProvider services) : IHandle<Cook>
{
    public async Task HandleAsync(Cook message, MessageContext context, CancellationToken cancellationToken)
    {
        await recipe.Follow(message, context, services);
        db.Meals.Add(new Meal { Table = message.Table, Dish = message.Dish });
        context.Publish(new Cooked(message.Table, message.Dish));
    }
}

internal sealed class CookedHandler(KitchenDb db) : IHandle<Cooked>
{
    public async Task HandleAsync(Cooked message, MessageContext context, CancellationToken cancellationToken)
    {
        var meal = await db.Meals.SingleAsync(meal => meal.Table == message.Table && meal.Dish == message.Dish, cancellationToken);
        meal.IsServed = true;
    }
}
