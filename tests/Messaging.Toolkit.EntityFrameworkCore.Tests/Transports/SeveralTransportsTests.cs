using System.Collections.Concurrent;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Transports;

/// <summary>Several transports in one application: each message goes over its own, with everything that is promised of one.</summary>
public sealed class SeveralTransportsTests
{
    private const int Messages = 1_000;
    private const int Keys = 50;

    /// <summary>Orders go over the left one, charges over the right one and back, and what comes of it stays in the process.</summary>
    [Theory, EachDatabase]
    public async Task Each_key_keeps_its_order_from_one_transport_to_the_other_and_back_though_handlers_fail(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var (left, right) = (new Post(), new Post());
        var failed = new ConcurrentDictionary<(string, int), byte>();
        await using var shop = await StartAsync(database, left, right, call =>
        {
            if (call.Number % 20 == 0 && failed.TryAdd((call.Endpoint, call.Number), 0))
            {
                throw new InvalidOperationException("as it happens");
            }

            return Task.CompletedTask;
        });

        await PlaceAsync(shop, Messages, Keys);
        await HandledAsync(shop, "end", Messages);

        foreach (var endpoint in new[] { "orders", "charges", "end" })
        {
            var effects = (await shop.EffectsAsync()).Where(effect => effect.Handler == endpoint).ToList();
            effects.Should().HaveCount(Messages, "each has its effect once");
            foreach (var ofKey in effects.GroupBy(effect => effect.Key))
            {
                ofKey.Select(effect => effect.Number).Should().BeInAscendingOrder("a key keeps its order").And.HaveCount(Messages / Keys);
            }
        }

        failed.Should().HaveCount(3 * (Messages / 20));
        left.Sent.Distinct().Should().Equal("shop.order-placed");
        right.Sent.Distinct().Should().Equal("billing.charge-card");
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task One_that_is_down_holds_back_nothing_of_the_others_and_says_which_it_is(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var (left, right) = (new Post(), new Post { IsDown = true });
        await using var shop = await StartAsync(database, left, right);

        // More than fit into the window of what is down.
        await PlaceAsync(shop, 2 * Messages, Keys);
        await HandledAsync(shop, "orders", 2 * Messages);

        // The row of the last order goes a moment after its handler has committed.
        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).TrueForAll(row => row.Type == "billing.charge-card"), "no order waits");
        (await shop.OutboxAsync()).Should().HaveCount(2 * Messages);
        Troubles(shop).Should().BeEquivalentTo(
            "outbox of ShopDb to right: It fails with IOException, see the log.", "endpoint charges from right: It fails with IOException, see the log.");
        shop.Log.Lines.Should().Contain(line => line.Text.StartsWith("ShopDb to right: relay failed")).And.Contain(line => line.Text.StartsWith("charges: receiving from right failed"));

        right.IsDown = false;
        await HandledAsync(shop, "end", 2 * Messages);
        Troubles(shop).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task An_endpoint_that_receives_from_two_never_handles_two_messages_of_a_key_at_once(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var (left, right) = (new Post(), new Post());
        var running = new ConcurrentDictionary<string, int>();
        var atOnce = 0;
        await using var shop = await ShopHost.StartAsync(database, Both(left, right, m =>
        {
            m.Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(x => x.OrderId).Via("left"));
            m.Event<CardCharged>(e => e.Named("billing.card-charged").KeyedBy(x => x.OrderId).Via("right"));
            m.Endpoint("both", e => e.Handle<OrderPlaced, Notes>().Handle<CardCharged, Notes>().Concurrency(8).ShareCommits(1));
        }, async call =>
        {
            if (running.AddOrUpdate(call.Key, 1, (_, count) => count + 1) > 1)
            {
                Interlocked.Increment(ref atOnce);
            }

            await Task.Yield();
            running.AddOrUpdate(call.Key, 0, (_, count) => count - 1);
        }));

        await shop.InScopeAsync(async (db, bus) =>
        {
            for (var number = 0; number < 400; number++)
            {
                bus.Publish(new OrderPlaced($"key-{number % 4}", number));
                bus.Publish(new CardCharged($"key-{number % 4}", number));
            }

            await db.SaveChangesAsync();
        });
        await HandledAsync(shop, "both", 800);

        atOnce.Should().Be(0);
        left.Sent.Should().HaveCount(400);
        right.Sent.Should().HaveCount(400);
    }

    [Theory, EachDatabase]
    public async Task A_receiver_that_breaks_takes_nothing_of_the_others_with_it(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var (left, right) = (new Post { IsDown = true }, new Post());
        var (began, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var shop = await ShopHost.StartAsync(database, Both(left, right, m =>
        {
            m.Outbox(o => o.MaxBackoff = TimeSpan.FromMilliseconds(200));
            m.Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(x => x.OrderId).Via("left"));
            m.Event<CardCharged>(e => e.Named("billing.card-charged").KeyedBy(x => x.OrderId).Via("right"));
            m.Endpoint("both", e => e.Handle<OrderPlaced, Notes>().Handle<CardCharged, Notes>().Concurrency(1).ShareCommits(1));
        }, async call =>
        {
            began.TrySetResult();
            await goOn.Task.WaitAsync(call.CancellationToken);
        }));

        await shop.InScopeAsync(async (db, bus) =>
        {
            foreach (var number in Enumerable.Range(0, 10))
            {
                bus.Publish(new OrderPlaced("key", number));
                bus.Publish(new CardCharged("key", number));
            }

            await db.SaveChangesAsync();
        });
        await began.Task;
        left.IsDown = false;
        await Verdict.EventuallyAsync(() => Task.FromResult(left.Received == 10 && right.Received == 10), "all under way");

        left.BreakReceivers();
        await Verdict.EventuallyAsync(() => Task.FromResult(left.Sent.Count > 10), "what the left one had comes again");
        goOn.SetResult();
        await HandledAsync(shop, "both", 20);

        right.Sent.Should().HaveCount(10, "nothing of the right one was given back");
        foreach (var ofType in shop.Handled.Calls.GroupBy(call => call.Handler))
        {
            ofType.Select(call => call.Number).Should().Equal(Enumerable.Range(0, 10));
        }
    }

    [Theory, EachDatabase]
    public async Task A_reply_goes_over_the_transport_of_the_endpoint_that_has_asked(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var (left, right) = (new Post(), new Post());
        await using var shop = await ShopHost.StartAsync(database, Both(left, right, m =>
        {
            Asked(m).Endpoint("shop", e => e.Via("right").Handle<CardCharged, Notes>()).Endpoint("billing", e => e.Via("left").Handle<ChargeCard, Replies>());
        }));

        await AskAsync(shop, "shop");
        await HandledAsync(shop, "shop", 1);

        left.Sent.Should().Equal("billing.charge-card");
        right.Sent.Should().Equal(["billing.card-charged"], "although events of that type go over the other one");
    }

    /// <summary>Nobody there knows more of the asker than its name: the way by which it asked leads back.</summary>
    [Theory, EachDatabase]
    public async Task Another_applications_endpoint_is_answered_over_the_transport_by_which_it_asked_at_once_parked_or_later(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var others = await TestDatabase.CreateAsync(kind);
        var (left, right) = (new Post(), new Post());
        await using var billing = await ShopHost.StartAsync(others, Both(left, right, m =>
        {
            Asked(m).Via("left").Endpoint("billing", e => e.Via("right").Handle<ChargeCard, Replies>().OnFailure(f => f.RetryImmediately(0).ThenAfter(TimeSpan.FromMilliseconds(50)).ThenDeadLetter()));
        }, call => call.Context.Attempt == 1 ? throw new InvalidOperationException("at first") : Task.CompletedTask));
        await using var shop = await ShopHost.StartAsync(database, m => Asked(m)
            .UseTransport("wherever", (_, topology) => right.NewTransport(topology))
            .Endpoint("shop", e => e.Handle<CardCharged, Notes>())
            .Services.AddSingleton(new Play(_ => Task.CompletedTask)));

        await AskAsync(shop, "shop");
        await HandledAsync(shop, "shop", 1);
        var kept = billing.Services.GetRequiredService<ConcurrentQueue<ReplyAddress>>();
        kept.Should().ContainSingle().Which.Via.Should().Be("right");
        await billing.InScopeAsync(async (db, bus) =>
        {
            bus.Reply(new CardCharged("order", 2), kept.Single());
            await db.SaveChangesAsync();
            bus.Invoking(x => x.Reply(new CardCharged("order", 3), kept.Single() with { Via = "gone" })).Should().Throw<MessagingException>()
                .WithMessage("*there is no transport 'gone', over which the reply was to go*");
        });
        await HandledAsync(shop, "shop", 2);

        left.Sent.Should().BeEmpty();
    }

    /// <summary>It had one transport, and messages wait for it. Then there is another one, and then they move to that.</summary>
    [Theory, EachDatabase]
    public async Task What_waits_for_the_only_transport_is_sent_over_it_although_its_message_has_moved_to_another(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var (left, right) = (new Post("left"), new Post());
        await using (var before = await ShopHost.CreateAsync(database, m =>
        {
            m.UseTransport("left", (_, topology) => left.NewTransport(topology));
            Placed(m, e => e);
        }))
        {
            await PlaceAsync(before, 10, 1);
        }

        await using var after = await ShopHost.StartAsync(database, m =>
        {
            m.UseTransport("left", (_, topology) => left.NewTransport(topology)).UseTransport("right", (_, topology) => right.NewTransport(topology));
            Placed(m, e => e.Via("left"), e => e.Via("right"));
        });
        await HandledAsync(after, "orders", 10);
        await PlaceAsync(after, 10, 1);
        await HandledAsync(after, "orders", 20);

        left.Sent.Should().HaveCount(10);
        right.Sent.Should().HaveCount(10);

        static void Placed(MessagingBuilder m, Func<EndpointBuilder, EndpointBuilder> endpoint, Action<EventBuilder<OrderPlaced>>? message = null)
        {
            m.Services.AddSingleton(new Play(_ => Task.CompletedTask));
            m.Event<OrderPlaced>(e =>
            {
                e.Named("shop.order-placed").KeyedBy(x => x.OrderId);
                message?.Invoke(e);
            });
            m.Event<CardCharged>(e => e.Named("billing.card-charged"));
            m.Command<ChargeCard>(c => c.Named("billing.charge-card").To("elsewhere"));
            m.Endpoint("orders", e => endpoint(e).Handle<OrderPlaced, Notes>());
        }
    }

    [Theory, EachDatabase]
    public async Task Destinations_that_two_transports_have_keep_the_host_from_starting(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, Both(new Post("left"), new Post("right"), m =>
        {
            m.Event<OrderPlaced>(e => e.Named("shop.order-placed").Via("left"));
            m.Event<CardCharged>(e => e.Named("billing.card-charged").Via("right"));
            m.Endpoint("both", e => e.Handle<OrderPlaced, Notes>().Handle<CardCharged, Notes>());
        }));

        await shop.Invoking(x => x.StartAsync()).Should().ThrowAsync<MessagingConfigurationException>().WithMessage("*The destination 'both' is one of the transports 'left' and 'right'*");
    }

    private static Task<ShopHost> StartAsync(TestDatabase database, Post left, Post right, Func<Call, Task>? run = null) => ShopHost.StartAsync(database, Both(left, right, m =>
    {
        m.Outbox(o => o.MaxBackoff = TimeSpan.FromMilliseconds(200));
        m.Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(x => x.OrderId));
        m.Command<ChargeCard>(c => c.Named("billing.charge-card").To("charges").KeyedBy(x => x.OrderId));
        m.Event<CardCharged>(e => e.Named("billing.card-charged").KeyedBy(x => x.OrderId).Via("in-process"));
        m.Endpoint("orders", e => e.Handle<OrderPlaced, Forwards>());
        m.Endpoint("charges", e => e.Via("right").Handle<ChargeCard, Forwards>());
        m.Endpoint("end", e => e.Handle<CardCharged, Notes>());
    }, run));

    /// <param name="left">The default.</param>
    /// <param name="right">The other one.</param>
    /// <param name="configure">Messages and endpoints.</param>
    /// <param name="run">What handlers do.</param>
    private static Action<MessagingBuilder> Both(Post left, Post right, Action<MessagingBuilder> configure, Func<Call, Task>? run = null) => m =>
    {
        m.Services.AddSingleton(new Play(run ?? (_ => Task.CompletedTask))).AddSingleton<ConcurrentQueue<ReplyAddress>>();
        m.UseTransport("left", (_, topology) => left.NewTransport(topology));
        m.UseTransport("right", (_, topology) => right.NewTransport(topology));
        configure(m);
    };

    private static MessagingBuilder Asked(MessagingBuilder messaging) => messaging
        .Command<ChargeCard>(c => c.Named("billing.charge-card").To("billing"))
        .Event<CardCharged>(e => e.Named("billing.card-charged"));

    private static Task PlaceAsync(ShopHost shop, int messages, int keys) => shop.InScopeAsync(async (db, bus) =>
    {
        for (var number = 0; number < messages; number++)
        {
            bus.Publish(new OrderPlaced($"key-{number % keys}", number));
        }

        await db.SaveChangesAsync();
    });

    private static Task AskAsync(ShopHost shop, string endpoint) => shop.InScopeAsync(async (db, bus) =>
    {
        ((MessageBus)bus).Add(new ChargeCard("order", 1), MessageKind.Command, new Addressing { ReplyTo = new ReplyAddress(endpoint, "request 1") });
        await db.SaveChangesAsync();
    });

    private static Task HandledAsync(ShopHost shop, string endpoint, int count)
        => Verdict.EventuallyAsync(async () => await shop.QueryAsync(db => db.Effects.CountAsync(effect => effect.Handler == endpoint)) == count, $"{count} messages at '{endpoint}'");

    /// <summary>What the health check says.</summary>
    private static IEnumerable<string> Troubles(ShopHost shop)
        => shop.Services.GetRequiredService<BackgroundWork>().All.Where(state => state.Trouble is not null).Select(state => $"{state.Name}: {state.Trouble}");
}
