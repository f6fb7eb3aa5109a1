using System.Transactions;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>G1 and G2 for every way to make a transaction: what it published leaves if and only if it commits.</summary>
public sealed class TransactionTests
{
    public enum Way
    {
        OneRow,
        SeveralRows,
        NothingButMessages,
        Begun,
        BegunAndLeft,
        UsedAndCommittedByEf,
        UsedAndCommittedRaw,
        Ambient,
        ByStrategy,
        ByToolkit,
    }

    public static TheoryData<DatabaseKind, Way, Save> Ways
    {
        get
        {
            var ways = new TheoryData<DatabaseKind, Way, Save>();
            foreach (var kind in Enum.GetValues<DatabaseKind>())
            {
                foreach (var way in Enum.GetValues<Way>())
                {
                    foreach (var save in Enum.GetValues<Save>())
                    {
                        // SQLite takes no part in ambient transactions; the toolkit's own way is asynchronous only.
                        if ((way != Way.Ambient || kind != DatabaseKind.Sqlite) && (way != Way.ByToolkit || save == Save.Async))
                        {
                            ways.Add(kind, way, save);
                        }
                    }
                }
            }

            return ways;
        }
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task What_a_committed_transaction_published_is_in_the_outbox_in_the_order_of_publishing(DatabaseKind kind, Way way, Save save)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync((db, bus) => RunAsync(way, save, db, bus, succeeds: true));

        (await shop.PublishedAsync()).Should().Equal(1, 2, 3, 4);
        (await shop.OrdersAsync()).Should().Be(way switch { Way.NothingButMessages => 0, Way.OneRow => 1, _ => 2 });
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Nothing_of_a_transaction_that_rolled_back_is_in_the_outbox(DatabaseKind kind, Way way, Save save)
    {
        var fault = new CommitFault();
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, Saving.WithLast(fault));
        if (way == Way.NothingButMessages)
        {
            fault.Next(CommitFault.Kind.Lost);
        }

        try
        {
            await shop.InScopeAsync((db, bus) => RunAsync(way, save, db, bus, succeeds: false));
        }
        catch (Exception expected) when (expected is DbUpdateException or RolledBackException || expected.GetBaseException() is IOException)
        {
            // How it ended is the caller's; what is left of it is the test's.
        }

        (await shop.PublishedAsync()).Should().BeEmpty();
        (await shop.OrdersAsync()).Should().Be(0);
    }

    private static async Task RunAsync(Way way, Save save, ShopDb db, IMessageBus bus, bool succeeds)
    {
        switch (way)
        {
            case Way.OneRow or Way.SeveralRows:
                bus.Publish(new OrderPlaced("a", 1));
                db.Orders.AddRange(Enumerable.Range(0, way == Way.OneRow ? 1 : 2).Select(_ => Saving.NewOrder()));
                if (!succeeds)
                {
                    // The row is fine for EF and not for the database.
                    db.Effects.Add(new Effect { Handler = null! });
                }

                bus.Publish(new OrderPlaced("b", 2));
                bus.Publish(new OrderPlaced("a", 3));
                bus.Publish(new OrderPlaced("c", 4));
                await db.SaveAsync(save);
                break;

            case Way.NothingButMessages:
                Publish(bus, 1, 4);
                await db.SaveAsync(save);
                break;

            case Way.Begun or Way.BegunAndLeft:
                await using (var transaction = save == Save.Sync ? db.Database.BeginTransaction() : await db.Database.BeginTransactionAsync())
                {
                    await SaveTwiceAsync(save, db, bus);
                    if (succeeds)
                    {
                        await EndAsync(transaction, save, commit: true);
                    }
                    else if (way == Way.Begun)
                    {
                        await EndAsync(transaction, save, commit: false);
                    }
                }

                break;

            case Way.UsedAndCommittedByEf:
                await db.Database.OpenConnectionAsync();
                await using (var raw = await db.Database.GetDbConnection().BeginTransactionAsync())
                {
                    await using var handle = (await db.Database.UseTransactionAsync(raw))!;
                    await SaveTwiceAsync(save, db, bus);
                    await EndAsync(handle, save, succeeds);
                }

                break;

            case Way.UsedAndCommittedRaw:
                await db.Database.OpenConnectionAsync();
                await using (var raw = await db.Database.GetDbConnection().BeginTransactionAsync())
                {
                    await db.Database.UseTransactionAsync(raw);
                    await SaveTwiceAsync(save, db, bus);
                    await (succeeds ? raw.CommitAsync() : raw.RollbackAsync());
                }

                break;

            case Way.Ambient:
                using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
                {
                    await SaveTwiceAsync(save, db, bus);
                    if (succeeds)
                    {
                        scope.Complete();
                    }
                }

                break;

            case Way.ByStrategy:
                if (save == Save.Sync)
                {
                    db.Database.CreateExecutionStrategy().ExecuteInTransaction(
                        () =>
                        {
                            SaveTwiceAsync(save, db, bus).GetAwaiter().GetResult(); // Completed: it saves synchronously.
                            ThrowUnless(succeeds);
                        },
                        () => false);
                }
                else
                {
                    await db.Database.CreateExecutionStrategy().ExecuteInTransactionAsync(
                        async () =>
                        {
                            await SaveTwiceAsync(save, db, bus);
                            ThrowUnless(succeeds);
                        },
                        () => Task.FromResult(false));
                }

                break;

            case Way.ByToolkit:
                await db.ExecuteInTransactionAsync(async _ =>
                {
                    await SaveTwiceAsync(save, db, bus);
                    ThrowUnless(succeeds);
                });
                break;

            default:
                throw new ArgumentOutOfRangeException(nameof(way), way, null);
        }
    }

    private static async Task SaveTwiceAsync(Save save, ShopDb db, IMessageBus bus)
    {
        db.Orders.Add(Saving.NewOrder());
        Publish(bus, 1, 2);
        await db.SaveAsync(save);
        db.Orders.Add(Saving.NewOrder());
        Publish(bus, 3, 4);
        await db.SaveAsync(save);
    }

    private static void Publish(IMessageBus bus, int first, int last)
    {
        for (var number = first; number <= last; number++)
        {
            bus.Publish(new OrderPlaced($"order-{number % 2}", number));
        }
    }

    private static async Task EndAsync(IDbContextTransaction transaction, Save save, bool commit)
    {
        if (save == Save.Async)
        {
            await (commit ? transaction.CommitAsync() : transaction.RollbackAsync());
        }
        else if (commit)
        {
            transaction.Commit();
        }
        else
        {
            transaction.Rollback();
        }
    }

    private static void ThrowUnless(bool succeeds)
    {
        if (!succeeds)
        {
            throw new RolledBackException();
        }
    }

    private sealed class RolledBackException : Exception;
}
