using System.Collections.Concurrent;
using System.Diagnostics;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>What travels with a message, and what a message that is sent because of it inherits.</summary>
public sealed class CausedMessagesTests
{
    [Theory, EachDatabase]
    public async Task Key_headers_and_correlation_id_arrive_as_they_were_given(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1), options =>
            {
                options.Key = "another key 🛒";
                options.CorrelationId = "request \"1\" <ä>\n2";
                options.Headers["tenant"] = "Müller & Söhne 🏭 \\ \"";
                options.Headers["Tenant"] = "";
                options.Headers["x"] = "\u00A0\uFFFF";
            });
            await db.SaveChangesAsync();
        });
        await shop.HandledAsync(1);

        var (context, envelope) = shop.Services.GetRequiredService<Seen>().Single("shop.order-placed");
        context.Key.Should().Be("another key 🛒");
        context.CorrelationId.Should().Be("request \"1\" <ä>\n2");
        envelope.Headers.Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["tenant"] = "Müller & Söhne 🏭 \\ \"",
            ["Tenant"] = "",
            ["x"] = "\u00A0\uFFFF",
        });
        envelope.ContentType.Should().Be("application/json");
        envelope.Source.Should().Be("/test");
        envelope.Time.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
        context.MessageId.Version.Should().Be(7);
        context.ConversationId.Should().Be(context.MessageId, "it is the first of its conversation");
        envelope.CausationId.Should().BeNull();
    }

    [Theory, EachDatabase]
    public async Task A_message_sent_by_a_handler_belongs_to_the_same_conversation_and_names_its_cause(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1), options => options.CorrelationId = "request 1");
            await db.SaveChangesAsync();
        });
        await shop.HandledAsync(3);

        var seen = shop.Services.GetRequiredService<Seen>();
        var (first, _) = seen.Single("shop.order-placed");
        var (second, secondEnvelope) = seen.Single("billing.charge-card");
        var (third, thirdEnvelope) = seen.Single("billing.card-charged");
        secondEnvelope.CausationId.Should().Be(first.MessageId);
        thirdEnvelope.CausationId.Should().Be(second.MessageId);
        new[] { second.ConversationId, third.ConversationId }.Should().AllBeEquivalentTo(first.MessageId);
        new[] { first.CorrelationId, second.CorrelationId }.Should().AllBe("request 1");
        third.CorrelationId.Should().Be("its own", "a handler may say otherwise");
        thirdEnvelope.Headers.Should().BeEmpty("headers are not inherited");
    }

    [Theory, EachDatabase]
    public async Task A_handler_that_runs_again_sends_the_same_ids(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync(database, failures: 2);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });
        await shop.HandledAsync(5);
        await shop.StopAsync();

        var attempts = shop.Services.GetRequiredService<Seen>().All("shop.order-placed").Select(seen => seen.Context.Attempt);
        attempts.Should().Equal(1, 2, 3);

        // What the failed attempts would have sent is kept by the handler: the same as what the last one sent.
        var sent = shop.Services.GetRequiredService<Sent>().Ids;
        sent.Should().HaveCount(3);
        sent.Distinct().Should().ContainSingle();
        (await shop.EffectsAsync()).Should().BeEmpty();
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, EachDatabase]
    public async Task Two_endpoints_that_handle_one_message_send_different_ids(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync(database, also: m => m.Endpoint("shop2", e => e.Handle<OrderPlaced, PlacedHandler>()));

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });
        await shop.HandledAsync(6);

        shop.Services.GetRequiredService<Seen>().All("billing.charge-card").Select(seen => seen.Context.MessageId).Should().HaveCount(2).And.OnlyHaveUniqueItems();
    }

    [Theory, EachDatabase]
    public async Task The_trace_of_the_publisher_goes_on_in_the_handler(DatabaseKind kind)
    {
        using var source = new ActivitySource("test");
        using var listener = new ActivityListener
        {
            ShouldListenTo = other => other == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync(database);

        string traceParent;
        using (var activity = source.StartActivity("publish")!)
        {
            activity.TraceStateString = "vendor=1";
            traceParent = activity.Id!;
            await shop.InScopeAsync(async (db, bus) =>
            {
                bus.Publish(new OrderPlaced("a", 1));
                await db.SaveChangesAsync();
            });
        }

        await shop.HandledAsync(3);
        var seen = shop.Services.GetRequiredService<Seen>();
        seen.Single("shop.order-placed").Envelope.TraceParent.Should().Be(traceParent);
        seen.Single("shop.order-placed").Envelope.TraceState.Should().Be("vendor=1");
        seen.Single("billing.card-charged").Envelope.TraceParent.Should().NotBeNull().And.Contain(traceParent.Split('-')[1]);
    }

    [Theory, EachDatabase]
    public async Task Db_and_bus_and_context_are_the_same_unit_of_work_in_a_handler(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m => ShopHost.Messages(m)
            .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>())
            .Endpoint("shop", e => e.Handle<OrderPlaced, ThreeWaysHandler>()));

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });
        await shop.HandledAsync(3);
        await shop.StopAsync();

        var effects = await shop.EffectsAsync();
        effects.Select(effect => effect.Number).Should().Equal(10, 20, 30);
        effects.Select(effect => effect.MessageId).Should().OnlyHaveUniqueItems();
    }

    private static Task<ShopHost> StartAsync(TestDatabase database, int failures = 0, Action<MessagingBuilder>? also = null) => ShopHost.StartAsync(database, m =>
    {
        m.Services.AddSingleton<Seen>().AddSingleton<Sent>().AddSingleton(new Failures { Left = failures });
        ShopHost.Messages(m).Source("/test")
            .Endpoint("shop", e => e.Handle<OrderPlaced, PlacedHandler>().Handle<CardCharged, ChargedHandler>())
            .Endpoint("billing", e => e.Handle<ChargeCard, ChargeHandler>());
        also?.Invoke(m);
    });

    private sealed class Seen
    {
        private readonly ConcurrentQueue<(MessageContext Context, MessageEnvelope Envelope)> messages = new();

        public void Add(MessageContext context) => messages.Enqueue((context, context.Envelope));

        public List<(MessageContext Context, MessageEnvelope Envelope)> All(string type) => [.. messages.Where(message => message.Envelope.Type == type)];

        public (MessageContext Context, MessageEnvelope Envelope) Single(string type) => All(type).Should().ContainSingle().Subject;
    }

    private sealed class Sent
    {
        public ConcurrentQueue<Guid> Ids { get; } = new();
    }

    private sealed class Failures
    {
        public int Left { get; set; }
    }

    private sealed class PlacedHandler(ShopDb db, Seen seen, Sent sent, Failures failures, Handled handled) : IHandle<OrderPlaced>
    {
        public async Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            seen.Add(context);
            context.Send(new ChargeCard(message.OrderId, message.Number));
            await db.SaveChangesAsync(cancellationToken);
            sent.Ids.Enqueue(db.Set<Tables.OutboxRow>().Where(row => row.Type == "billing.charge-card").Select(row => row.MessageId).AsEnumerable().First());
            handled.Add("placed", context.Key, message.Number);
            if (failures.Left > 0)
            {
                failures.Left--;
                throw new NotSupportedException();
            }
        }
    }

    private sealed class ChargeHandler(IMessageBus bus, Seen seen, Handled handled) : IHandle<ChargeCard>
    {
        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
        {
            seen.Add(context);
            bus.Publish(new CardCharged(message.OrderId, message.Number), options => options.CorrelationId = "its own");
            handled.Add("charge", context.Key, message.Number);
            return Task.CompletedTask;
        }
    }

    private sealed class ChargedHandler(Seen seen, Handled handled) : IHandle<CardCharged>
    {
        public Task HandleAsync(CardCharged message, MessageContext context, CancellationToken cancellationToken)
        {
            seen.Add(context);
            handled.Add("charged", context.Key, message.Number);
            return Task.CompletedTask;
        }
    }

    private sealed class ThreeWaysHandler(ShopDb db, IMessageBus bus) : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            context.Send(new ChargeCard("a", 10));
            bus.Send(new ChargeCard("a", 20));
            db.Send(new ChargeCard("a", 30));
            return Task.CompletedTask;
        }
    }
}
