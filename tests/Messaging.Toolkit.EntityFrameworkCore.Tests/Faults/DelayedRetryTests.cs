using System.Collections.Concurrent;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>Delayed retries, the order of keys through them, and dead letters on their way again: in whole applications.</summary>
public sealed class DelayedRetryTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Theory, EachDatabase]
    public async Task A_key_waits_for_its_failed_message_others_do_not_and_the_backlog_comes_in_order(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var isMended = false;
        var attempts = new ConcurrentBag<int>();
        await using var shop = await ShopHost.StartAsync(database, Script.Of(
            call =>
            {
                if (call is { Key: "bad", Number: 1 })
                {
                    attempts.Add(call.Context.Attempt);
                    return Volatile.Read(ref isMended) ? Task.CompletedTask : throw new InvalidOperationException("Not yet.");
                }

                return Task.CompletedTask;
            },
            e => e.OnFailure(f => f.RetryImmediately(1).ThenBackOff(Short, Short, 100))));
        await PublishAsync(shop, Enumerable.Range(1, 40).SelectMany(number => new[] { new OrderPlaced("bad", number), new OrderPlaced("good", number) }));

        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).Count == 0 && (await ParkedAsync(shop)).Count == 40, "everything of the bad key parked");
        (await shop.EffectsAsync()).Select(effect => (effect.Key, effect.Number)).Should().Equal(Enumerable.Range(1, 40).Select(number => ((string?)"good", number)));

        Volatile.Write(ref isMended, true);
        await shop.DrainedAsync(80);
        await shop.StopAsync();

        await shop.ShouldHaveHandledInOrderAsync(new Dictionary<string, int> { ["good"] = 40, ["bad"] = 40 });
        (await ParkedAsync(shop)).Should().BeEmpty();
        attempts.Distinct().Order().Should().Equal(Enumerable.Range(1, attempts.Max()), "attempts are counted on");
    }

    [Theory, EachDatabase]
    public async Task A_restart_does_not_begin_the_ladder_anew(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var attempts = new ConcurrentQueue<int>();
        var endpoint = Script.Of(
            call =>
            {
                attempts.Enqueue(call.Context.Attempt);
                throw new InvalidOperationException("Never.");
            },
            e => e.OnFailure(f => f.RetryImmediately(0).ThenAfter(Short, Short, Short, Short)));
        for (var life = 0; attempts.Count < 5; life++)
        {
            await using var shop = await ShopHost.StartAsync(database, endpoint);
            if (life == 0)
            {
                await PublishAsync(shop, [new OrderPlaced("order", 1)]);
            }

            var before = attempts.Count;
            await Verdict.EventuallyAsync(() => Task.FromResult(attempts.Count > before), "another attempt");
        }

        await using var last = await ShopHost.StartAsync(database, endpoint);
        await Verdict.EventuallyAsync(async () => (await last.DeadLettersAsync()).Count == 1, "a dead letter");
        attempts.Should().Equal(1, 2, 3, 4, 5);
        (await last.DeadLettersAsync()).Single().Attempts.Should().Be(5);
    }

    [Theory, EachDatabase]
    public async Task What_is_mended_and_replayed_takes_effect_once_and_what_it_sends_too(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var isMended = false;
        await using var shop = await ShopHost.StartAsync(database, Script.Of(
            call => call.Number % 2 == 1 || Volatile.Read(ref isMended) ? Task.CompletedTask : throw new InvalidOperationException("Not yet."),
            e => e.OnFailure(f => f.RetryImmediately(0))));
        await PublishAsync(shop, Enumerable.Range(1, 20).Select(number => new OrderPlaced($"order-{number % 3}", number)));
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 10 && (await shop.OutboxAsync()).Count == 0, "ten dead letters");

        Volatile.Write(ref isMended, true);
        var letters = shop.Services.GetRequiredService<IDeadLetters>();
        (await letters.ReplayAsync(new() { Key = "order-1" })).Should().Be(3);
        (await letters.ReplayAsync(new() { Type = "shop.order-placed" })).Should().Be(7);
        (await letters.ReplayAsync(new())).Should().Be(0);

        await shop.DrainedAsync(20);
        await shop.StopAsync();
        (await shop.EffectsAsync()).Select(effect => effect.Number).Should().BeEquivalentTo(Enumerable.Range(1, 20));
        foreach (var key in (await shop.EffectsAsync()).Where(effect => effect.Number % 2 == 0).GroupBy(effect => effect.Key))
        {
            key.Select(effect => effect.Number).Should().BeInAscendingOrder("replayed messages of a key keep their order");
        }
    }

    [Theory, EachDatabase]
    public async Task A_key_that_is_held_waits_for_the_replay_and_then_comes_in_order(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var isMended = false;
        await using var shop = await ShopHost.StartAsync(database, Script.Of(
            call => call is not { Key: "bad", Number: 3 } || Volatile.Read(ref isMended) ? Task.CompletedTask : throw new InvalidOperationException("Not yet."),
            e => e.OnFailure(f => f.RetryImmediately(0).ThenAfter(Short).ThenDeadLetter(KeyPolicy.HoldKey))));
        await PublishAsync(shop, Enumerable.Range(1, 10).SelectMany(number => new[] { new OrderPlaced("bad", number), new OrderPlaced("good", number) }));
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 1 && (await shop.OutboxAsync()).Count == 0, "a dead letter");
        await shop.DrainedAsync(12);
        (await ParkedAsync(shop)).Should().HaveCount(8, "the dead one keeps its place, and seven wait for it");

        Volatile.Write(ref isMended, true);
        await shop.Services.GetRequiredService<IDeadLetters>().ReplayAsync(new());

        await shop.DrainedAsync(20);
        await shop.StopAsync();
        await shop.ShouldHaveHandledInOrderAsync(new Dictionary<string, int> { ["good"] = 10, ["bad"] = 10 });
    }

    [Theory, EachDatabase]
    public async Task More_than_may_be_parked_of_a_key_waits_with_the_transport_and_others_go_on(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var isMended = false;
        await using var shop = await ShopHost.StartAsync(database, Script.Of(
            call => call.Key != "bad" || Volatile.Read(ref isMended) ? Task.CompletedTask : throw new InvalidOperationException("Not yet."),
            e => e.OnFailure(f => f.RetryImmediately(0).ThenBackOff(Short, Short, 100).MaxParkedPerKey(5))));
        await PublishAsync(shop, Enumerable.Range(1, 20).SelectMany(number => new[] { new OrderPlaced("bad", number), new OrderPlaced("good", number) }));

        await shop.DrainedOfAsync("good", 20);
        await Verdict.EventuallyAsync(async () => (await ParkedAsync(shop)).Count == 5 && (await shop.OutboxAsync()).Count == 15, "as many parked as may be, and the others waiting");
        (await shop.OutboxAsync()).Should().OnlyContain(row => row.Key == "bad");

        Volatile.Write(ref isMended, true);
        await shop.DrainedAsync(40);
        await shop.StopAsync();
        await shop.ShouldHaveHandledInOrderAsync(new Dictionary<string, int> { ["good"] = 20, ["bad"] = 20 });
    }

    [Theory, EachDatabase]
    public async Task What_is_unknown_today_is_replayed_after_a_deployment_that_knows_it_byte_for_byte(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using (var old = await ShopHost.StartAsync(database, m => m.Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(x => x.OrderId)).Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedTwoHandler>())))
        {
            await old.InScopeAsync(async (db, bus) =>
            {
                bus.Publish(new OrderPlaced("order", 1));
                await db.SaveChangesAsync();
                await db.Set<OutboxRow>().ExecuteUpdateAsync(set => set.SetProperty(row => row.Type, "shop.order-placed-2"));
            });
            await Verdict.EventuallyAsync(async () => (await old.DeadLettersAsync()).Count + (await old.EffectsAsync()).Count == 1, "an end");
        }

        await using var now = await ShopHost.StartAsync(database, m => m
            .Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(x => x.OrderId))
            .Event<OrderPlacedTwo>(e => e.Named("shop.order-placed-2"))
            .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedTwoHandler>().Handle<OrderPlacedTwo, OrderPlacedTwoHandler>()));
        await now.Services.GetRequiredService<IDeadLetters>().ReplayAsync(new());
        await Verdict.EventuallyAsync(async () => (await now.EffectsAsync()).Count == 1, "its effect");
        (await now.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task A_failure_that_is_ignored_rolls_back_and_counts_as_handled(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Script.Of(
            async call =>
            {
                if (call.Number == 1)
                {
                    call.Db.Effects.Add(new Effect { Handler = "half", MessageId = call.Context.MessageId });
                    await call.Db.SaveChangesAsync();
                    throw new KeyNotFoundException();
                }
            },
            e => e.OnFailure(f => f.Ignore<KeyNotFoundException>())));
        await PublishAsync(shop, [new OrderPlaced("order", 1), new OrderPlaced("order", 2)]);

        await shop.DrainedAsync(1);
        await shop.StopAsync();
        (await shop.EffectsAsync()).Select(effect => (effect.Handler, effect.Number)).Should().Equal(("shop", 2));
        (await shop.DeadLettersAsync()).Should().BeEmpty();
        shop.Log.Lines.Should().ContainSingle(line => line.Id == 31);
    }

    [Theory, EachDatabase]
    public async Task A_discard_wants_a_reason_and_says_it_in_the_log(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Script.Of(_ => throw new InvalidOperationException("Never."), e => e.OnFailure(f => f.RetryImmediately(0))));
        await PublishAsync(shop, [new OrderPlaced("order", 1)]);
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 1, "a dead letter");
        var letters = shop.Services.GetRequiredService<IDeadLetters>();

        await letters.Awaiting(desk => desk.DiscardAsync(new(), " ")).Should().ThrowAsync<ArgumentException>();
        await letters.Awaiting(desk => desk.QueryAsync(new() { Store = "nowhere" })).Should().ThrowAsync<MessagingException>().WithMessage("There is no store 'nowhere'*ShopDb*");
        await letters.Awaiting(desk => desk.QueryAsync(new(), 0)).Should().ThrowAsync<ArgumentOutOfRangeException>();
        (await letters.DiscardAsync(new() { Store = "ShopDb" }, "the customer is gone")).Should().Be(1);

        (await shop.DeadLettersAsync()).Should().BeEmpty();
        shop.Log.Lines.Should().ContainSingle(line => line.Id == 33 && line.Text.Contains("the customer is gone"));
    }

    private static Task<List<ParkedRow>> ParkedAsync(ShopHost shop) => shop.QueryAsync(db => db.Set<ParkedRow>().OrderBy(row => row.Id).ToListAsync());

    private static Task PublishAsync(ShopHost shop, IEnumerable<OrderPlaced> orders) => shop.InScopeAsync(async (db, bus) =>
    {
        foreach (var order in orders)
        {
            bus.Publish(order);
        }

        await db.SaveChangesAsync();
    });

    private sealed record OrderPlacedTwo(string OrderId, int Number);

    private sealed class OrderPlacedTwoHandler(ShopDb db) : IHandle<OrderPlaced>, IHandle<OrderPlacedTwo>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken) => NoteAsync(message.Number, context);

        public Task HandleAsync(OrderPlacedTwo message, MessageContext context, CancellationToken cancellationToken) => NoteAsync(message.Number, context);

        private Task NoteAsync(int number, MessageContext context)
        {
            db.Effects.Add(new Effect { Handler = context.Endpoint, MessageId = context.MessageId, Key = context.Key, Number = number });
            return Task.CompletedTask;
        }
    }
}
