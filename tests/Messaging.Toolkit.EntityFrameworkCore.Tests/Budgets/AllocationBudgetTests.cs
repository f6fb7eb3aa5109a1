using Xunit.Abstractions;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Budgets;

/// <summary>
/// How many bytes handling a message may allocate. They are counted, so that no machine is too slow for it. On SQLite, which does everything on the thread that
/// calls it: what other tests allocate meanwhile is not counted.
/// </summary>
public sealed class AllocationBudgetTests(ITestOutputHelper output)
{
    private const int Messages = 32;
    private const int Rounds = 20;

    /// <summary>The floor is what a handler's own work costs without the toolkit: a scope, a context, a new row and its save.</summary>
    [Fact]
    public async Task Handling_allocates_a_kilobyte_for_a_message_at_most_beside_the_handlers_own_work()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database, services: services => services.AddDbContextPool<ShopDb>(options => database.Configure(options)));
        var inbox = shop.Services.GetRequiredService<IMessageStore>().Inbox;
        var groups = new Queue<Delivery[]>(Enumerable.Range(0, Rounds + 1).Select(_ => Enumerable.Range(0, Messages).Select(number => new Delivery(Incoming.Order($"order-{number}", number))).ToArray()));

        var floor = await BytesAsync(async () =>
        {
            for (var number = 0; number < Messages; number++)
            {
                await shop.InScopeAsync((db, _) => WorkAsync(db, Guid.CreateVersion7()));
            }
        });
        var handling = await BytesAsync(async () =>
        {
            var group = groups.Dequeue();
            var outcomes = await inbox.HandleAsync("shop", group, (scope, _, index, _) =>
            {
                Add(scope.GetRequiredService<ShopDb>(), group[index].Envelope.Id);
                return Task.CompletedTask;
            }, CancellationToken.None);
            outcomes.Should().OnlyContain(outcome => outcome == HandlingOutcome.Handled);
        });

        output.WriteLine($"floor {floor}, handling {handling}");
        (handling - floor).Should().BeLessThanOrEqualTo(1024);
    }

    private static Task WorkAsync(ShopDb db, Guid id)
    {
        Add(db, id);
        return db.SaveChangesAsync();
    }

    private static void Add(ShopDb db, Guid id) => db.Effects.Add(new Effect { Handler = "shop", MessageId = id, Key = "key" });

    /// <summary>For each message, in the rounds after the first, in which things are made once.</summary>
    private static async Task<long> BytesAsync(Func<Task> round)
    {
        await round();
        var (thread, before) = (Environment.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread());
        for (var i = 0; i < Rounds; i++)
        {
            await round();
        }

        Environment.CurrentManagedThreadId.Should().Be(thread, "the bytes of another thread would not be counted");
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (Rounds * Messages);
    }
}
