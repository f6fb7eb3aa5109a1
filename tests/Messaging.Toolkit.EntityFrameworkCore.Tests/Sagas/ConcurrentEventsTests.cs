using System.Text.Json;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>Events for one instance that two processes handle at once: none is lost, and there is one instance.</summary>
public sealed class ConcurrentEventsTests
{
    private const int Count = 50;

    [Theory, EachDatabase]
    public async Task Events_with_different_keys_for_one_instance_are_all_handled_each_in_a_revision_of_its_own(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var one = await ShopHost.StartAsync(database, Configure);
        await using var other = await ShopHost.StartAsync(database, Configure);
        await one.SharedAsync();

        await one.InScopeAsync(async (db, bus) =>
        {
            for (var number = 0; number < Count; number++)
            {
                bus.Publish(new ItemAdded("basket", number), options => options.Key = $"key-{number}");
            }

            await db.SaveChangesAsync();
        });
        await one.QuietAsync();

        var basket = (await one.RowsAsync()).Should().ContainSingle().Subject;
        ItemsOf(basket.State).Should().BeEquivalentTo(Enumerable.Range(0, Count));
        basket.Revision.Should().Be(Count, "each event is a change of its own");
        var history = await one.HistoryAsync(basket.Id);
        history.Select(entry => entry.Sequence).Should().Equal(Enumerable.Range(1, basket.HistoryLength));
        history.Count(entry => entry.Event is SagaEvent.Started or SagaEvent.EventHandled).Should().Be(Count);
        (await one.DeadLettersAsync()).Should().BeEmpty();
        one.Handled.Calls.Should().NotBeEmpty();
        other.Handled.Calls.Should().NotBeEmpty();
    }

    [Theory, EachDatabase]
    public async Task Two_first_events_at_once_begin_one_instance_and_both_are_in_it(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var one = await ShopHost.StartAsync(database, Configure);
        await using var other = await ShopHost.StartAsync(database, Configure);
        await one.SharedAsync();

        await one.InScopeAsync(async (db, bus) =>
        {
            foreach (var number in Enumerable.Range(0, 2 * Count))
            {
                bus.Publish(new ItemAdded($"basket-{number / 2}", number % 2), options => options.Key = $"key-{number}");
            }

            await db.SaveChangesAsync();
        });
        await one.QuietAsync();

        var baskets = await one.RowsAsync();
        baskets.Select(basket => basket.Correlation).Should().BeEquivalentTo(Enumerable.Range(0, Count).Select(basket => $"basket-{basket}"));
        baskets.Should().OnlyContain(basket => basket.Revision == 2);
        foreach (var basket in baskets)
        {
            ItemsOf(basket.State).Should().BeEquivalentTo([0, 1]);
        }

        (await one.QueryAsync(db => db.Effects.CountAsync())).Should().Be(2 * Count, "what a handler writes itself commits with the instance");
        (await one.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task A_reaction_that_hangs_holds_up_its_own_instance_and_nobody_elses(DatabaseKind kind)
    {
        var hanging = new Hanging();
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m =>
        {
            m.Services.AddSingleton(hanging);
            SagaHosts.BeQuick(m);
            m.Event<ItemAdded>(e => e.Named("item-added")).Event<BasketClosed>(e => e.Named("basket-closed")).Endpoint("belts", e => e.Process<Belt>().Concurrency(2).ShareCommits(1));
        });

        await shop.InScopeAsync(async (db, bus) =>
        {
            foreach (var number in Enumerable.Range(0, 10))
            {
                bus.Publish(new ItemAdded("hangs", number), options => options.Key = $"key-{number}");
            }

            bus.Publish(new ItemAdded("runs", 0), options => options.Key = "another");
            await db.SaveChangesAsync();
        });
        await hanging.Reached.Task.WaitAsync(TimeSpan.FromSeconds(30));

        if (kind == DatabaseKind.PostgreSql)
        {
            // SQLite lets one transaction write at a time: what hangs in it holds up everybody.
            await Faults.Verdict.EventuallyAsync(async () => await shop.FindAsync<Belt>("runs") is not null, "another instance is handled", TimeSpan.FromSeconds(30));
        }

        hanging.GoOn.SetResult();
        await shop.QuietAsync();
        ItemsOf((await shop.FindAsync<Belt>("hangs"))!.State).Should().BeEquivalentTo(Enumerable.Range(0, 10));
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    private static void Configure(MessagingBuilder messaging)
    {
        SagaHosts.BeQuick(messaging);
        messaging
            .Event<ItemAdded>(e => e.Named("item-added"))
            .Event<BasketClosed>(e => e.Named("basket-closed"))
            .Endpoint("baskets", e => e.Process<Basket>().ShareCommits(2));
    }

    private static int[] ItemsOf(string state) => JsonSerializer.Deserialize<BasketState>(state, JsonSerializerOptions.Web)!.Items.ToArray();
}

internal sealed record ItemAdded(string Basket, int Number);

internal sealed record BasketClosed(string Basket);

internal sealed class BasketState
{
    public List<int> Items { get; set; } = [];
}

internal sealed class Hanging
{
    public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal sealed class Belt : ProcessManager<BasketState>
{
    protected override void Define(IProcessBuilder<BasketState> process) => process
        .Named("shop.belt")
        .Initially(p => p.When<ItemAdded>(m => m.Basket).ThenAsync<Hanging>(AddAsync).GoTo("runs"))
        .During("runs", p => p.When<ItemAdded>(m => m.Basket).ThenAsync<Hanging>(AddAsync).When<BasketClosed>(m => m.Basket).Complete());

    private static async Task AddAsync(Hanging hanging, BasketState state, ItemAdded message, MessageContext context, CancellationToken cancellationToken)
    {
        state.Items.Add(message.Number);
        if (message.Basket == "hangs")
        {
            hanging.Reached.TrySetResult();
            await hanging.GoOn.Task;
        }
    }
}

internal sealed class Basket : ProcessManager<BasketState>
{
    protected override void Define(IProcessBuilder<BasketState> process) => process
        .Named("shop.basket")
        .Initially(p => p.When<ItemAdded>(m => m.Basket).Then(Add).ThenAsync<ShopDb>(NoteAsync).ThenAsync<Handled>(TellAsync).GoTo("open"))
        .During("open", p => p
            .When<ItemAdded>(m => m.Basket).Then(Add).ThenAsync<ShopDb>(NoteAsync).ThenAsync<Handled>(TellAsync)
            .When<BasketClosed>(m => m.Basket).Complete());

    private static void Add(BasketState state, ItemAdded message, MessageContext context) => state.Items.Add(message.Number);

    private static Task NoteAsync(ShopDb db, BasketState state, ItemAdded message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Effects.Add(new Effect { Handler = "item-added", MessageId = context.MessageId, Key = message.Basket, Number = message.Number });
        return Task.CompletedTask;
    }

    private static Task TellAsync(Handled handled, BasketState state, ItemAdded message, MessageContext context, CancellationToken cancellationToken)
    {
        handled.Add("item-added", context.Key, message.Number);
        return Task.CompletedTask;
    }
}
