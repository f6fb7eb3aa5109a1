using System.Text;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;

/// <summary>Instances of tests, and the transactions of handlers that write them.</summary>
internal static class StoredSagas
{
    /// <summary>The type of the message that cannot be handled, for <see cref="MarkStuckAsync"/>.</summary>
    public const string LetterType = "a.type";

    public static ISagaStore Store(ShopHost shop) => shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().Sagas;

    public static ISagaCatalogue Catalogue(ShopHost shop) => shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().SagaCatalogue;

    /// <summary>Marks an instance as stuck, as a dead letter does. True if it was not before.</summary>
    public static async Task<bool> MarkStuckAsync(ShopHost shop, Guid id, string reason, Guid? messageId = null, bool stopsTimeouts = false)
    {
        var letter = new DeadLetter { Endpoint = "shop", MessageId = messageId ?? Guid.CreateVersion7(), Type = LetterType, Headers = "{}", Body = new byte[1], Reason = reason, Attempts = 1 };
        var receipt = await shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().DeadLetters
            .AddAsync(new DeadLetterEntry { Letter = letter, Stuck = [new StuckInstance(id, reason, stopsTimeouts)] }, default);
        receipt.IsStored.Should().BeTrue();
        return receipt.Stuck.Contains(id);
    }

    /// <summary>The store's clock, in what every database can keep of a time.</summary>
    public static async Task<DateTime> NowAsync(ShopHost shop)
    {
        var now = (await shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().Leases.ReadAsync(default)).Now;
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
    }

    public static SagaRecord New(DateTime now) => new()
    {
        Id = Guid.CreateVersion7(),
        Definition = "shop.order",
        Endpoint = "shop",
        Correlation = "c",
        Revision = 1,
        HistoryLength = 0,
        Version = 1,
        Shape = "abc",
        Status = SagaStatus.Running,
        Position = "charge",
        State = "{}",
        Progress = "{}",
        CreatedAt = now,
        ChangedAt = now,
    };

    public static SagaHistoryEntry Entry(int sequence, SagaEvent @event, DateTime at) => new() { Sequence = sequence, Event = @event, At = at };

    public static OutgoingMessage Message()
    {
        var id = Guid.CreateVersion7();
        return new OutgoingMessage(
            new MessageEnvelope
            {
                Id = id,
                Type = "shop.timeout",
                Source = "/test",
                Time = DateTimeOffset.UnixEpoch,
                ContentType = "application/json",
                Key = "k",
                ConversationId = id,
                Body = Encoding.UTF8.GetBytes("{}"),
            },
            "shop",
            7);
    }

    /// <summary>Does work in a transaction of the scope's context, as a handler would.</summary>
    public static async Task InTransactionAsync(ShopHost shop, Func<ISagaStore, IServiceProvider, Task> work)
    {
        await using var scope = shop.Services.CreateAsyncScope();
        await using var transaction = await scope.ServiceProvider.GetRequiredService<ShopDb>().Database.BeginTransactionAsync();
        await work(Store(shop), scope.ServiceProvider);
        await transaction.CommitAsync();
    }

    public static Task WriteAsync(ShopHost shop, SagaRecord record, params SagaHistoryEntry[] history)
        => InTransactionAsync(shop, (store, scope) => store.WriteAsync(scope, record, history, default));

    public static async Task<SagaRecord?> ReadAsync(ShopHost shop, Guid id)
    {
        SagaRecord? record = null;
        await InTransactionAsync(shop, async (store, scope) => record = (await store.ReadAsync(scope, id, default)).Record);
        return record;
    }
}
