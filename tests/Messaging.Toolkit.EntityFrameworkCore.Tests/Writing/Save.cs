using System.Text.Json;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>Both ways EF has of doing the same.</summary>
public enum Save
{
    Sync,
    Async,
}

/// <summary>What the tests of writing have in common.</summary>
static class Saving
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<int> SaveAsync(this DbContext db, Save save)
        => save == Save.Sync ? db.SaveChanges() : await db.SaveChangesAsync();

    /// <summary>The numbers of the messages in the outbox, in the order of its rows.</summary>
    public static async Task<List<int>> PublishedAsync(this ShopHost shop) => [.. (await shop.OutboxAsync()).Select(NumberOf)];

    public static int NumberOf(this OutboxRow row) => JsonSerializer.Deserialize<OrderPlaced>(row.Body, Json)!.Number;

    public static Task<int> OrdersAsync(this ShopHost shop) => shop.QueryAsync(db => db.Orders.CountAsync());

    public static Order NewOrder() => new() { Id = Guid.CreateVersion7() };

    /// <summary>An interceptor of the application's that runs after the toolkit's: what it does to a commit happens with the messages written.</summary>
    public static Action<MessagingBuilder> WithLast(params IInterceptor[] interceptors) => messaging =>
    {
        ShopHost.Standard(messaging);
        messaging.Services.ConfigureDbContext<ShopDb>(options => options.AddInterceptors(interceptors));
    };
}
