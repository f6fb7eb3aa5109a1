using System.Text.Json;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Toolkit.Benchmarks.HandWritten;

/// <summary>What the hand-written versions share over one database: pooled contexts, a pool of connections, and the checks at the end.</summary>
internal sealed class HandWrittenShop : IAsyncDisposable
{
    private readonly ServiceProvider services;

    private HandWrittenShop(BenchmarkDatabase database)
    {
        services = new ServiceCollection().AddDbContextPool<HandWrittenDb>(database.Configure).BuildServiceProvider();
        using var connection = database.CreateConnection();
        Connections = NpgsqlDataSource.Create(connection.ConnectionString);
    }

    /// <summary>For what is done without EF.</summary>
    public NpgsqlDataSource Connections { get; }

    public static async Task<HandWrittenShop> CreateAsync(BenchmarkDatabase database)
    {
        var shop = new HandWrittenShop(database);
        await shop.QueryAsync(db => db.Database.EnsureCreatedAsync());
        await shop.QueryAsync(db => Task.FromResult(db.Model.GetRelationalModel())); // EF finishes it at the first use, and not safely for many at once.
        return shop;
    }

    /// <summary>The message of that number, as it is written to the outbox.</summary>
    public static OutboxMessage MessageOf(int number) => new()
    {
        MessageId = Guid.CreateVersion7(),
        Type = OrderPlaced.Name,
        Payload = JsonSerializer.SerializeToUtf8Bytes(OrderPlaced.Create(number), JsonSerializerOptions.Web),
        CreatedAt = DateTime.UtcNow,
    };

    public AsyncServiceScope CreateScope() => services.CreateAsyncScope();

    /// <summary>Fills the outbox, a page of messages in each transaction.</summary>
    public async Task FillOutboxAsync(int messages)
    {
        foreach (var page in Enumerable.Range(0, messages).Chunk(1_000))
        {
            await QueryAsync(db =>
            {
                db.Outbox.AddRange(page.Select(MessageOf));
                return db.SaveChangesAsync();
            });
        }
    }

    public async Task WaitUntilSentAsync()
    {
        while (await QueryAsync(db => db.Outbox.AnyAsync(message => message.SentAt == null)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }

    public async Task VerifyAsync(int orders = 0, int invoices = 0, int unsent = 0, int sent = 0, int handled = 0)
    {
        Check.Equal(orders, await QueryAsync(db => db.Orders.CountAsync()), "orders");
        Check.Equal(invoices, await QueryAsync(db => db.Invoices.Select(invoice => invoice.Number).Distinct().CountAsync()), "orders with an invoice");
        Check.Equal(invoices, await QueryAsync(db => db.Invoices.CountAsync()), "invoices");
        Check.Equal(unsent, await QueryAsync(db => db.Outbox.CountAsync(message => message.SentAt == null)), "messages to be sent");
        Check.Equal(sent, await QueryAsync(db => db.Outbox.CountAsync(message => message.SentAt != null)), "messages sent");
        Check.Equal(handled, await QueryAsync(db => db.Handled.CountAsync()), "messages handled");
    }

    public async ValueTask DisposeAsync()
    {
        await Connections.DisposeAsync();
        await services.DisposeAsync();
    }

    private async Task<T> QueryAsync<T>(Func<HandWrittenDb, Task<T>> query)
    {
        await using var scope = CreateScope();
        return await query(scope.ServiceProvider.GetRequiredService<HandWrittenDb>());
    }
}
