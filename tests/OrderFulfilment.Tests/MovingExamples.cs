using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Messaging.Toolkit;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ;
using Messaging.Toolkit.Sagas;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>The code of docs/from-*.md, which says how to come from other libraries, and of docs/choosing.md.</summary>
public sealed partial class MovingExamples
{
    private static readonly Guid OrderId = new("0192f4a0-0000-7000-8000-000000000001");

    [Fact]
    public void A_message_of_MassTransit_is_read_with_its_own_id()
    {
        var theirs = Foreign(
            """
            {
              "messageId": "181c0000-6393-3630-36a4-08daf4e7c6da",
              "messageType": ["urn:message:Contracts:IOrder", "urn:message:Contracts:OrderPlaced"],
              "message": { "orderId": "0192f4a0-0000-7000-8000-000000000001", "total": 12.5 },
              "sentTime": "2023-01-12T21:55:53.715882Z"
            }
            """);

        var ours = MassTransitMessage.Read(theirs);

        ours.Should().BeEquivalentTo(new { Id = new Guid("181c0000-6393-3630-36a4-08daf4e7c6da"), Type = "shop.order-placed", Key = OrderId.ToString(), ContentType = "application/json" });
        Read(ours).Should().Be(new OrderPlaced(OrderId, 12.5m));
    }

    [Fact]
    public void A_message_of_CAP_is_read_and_has_the_same_id_each_time()
    {
        var theirs = Foreign(
            """{ "OrderId": "0192f4a0-0000-7000-8000-000000000001", "Total": 12.5 }""",
            ("cap-msg-id", "1601231243214651392"), ("cap-msg-name", "shop.order-placed"));

        var ours = CapMessage.Read(theirs);

        ours.Type.Should().Be("shop.order-placed");
        ours.Id.Should().Be(CapMessage.Read(theirs).Id).And.NotBe(theirs.Envelope.Id);
        Read(ours).Should().Be(new OrderPlaced(OrderId, 12.5m));
    }

    [Fact]
    public void What_cannot_be_one_of_theirs_is_refused()
    {
        FluentActions.Invoking(() => MassTransitMessage.Read(Foreign("{}"))).Should().Throw<KeyNotFoundException>();
        FluentActions.Invoking(() => CapMessage.Read(Foreign("{}"))).Should().Throw<KeyNotFoundException>();
    }

    [Fact]
    public void The_definitions_are_right()
    {
        var builder = WebApplication.CreateBuilder();

        builder.Services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<ShopDb>()
            .UseRabbitMQ(r =>
            {
                r.Uri = new("amqp://localhost");
                r.MapForeign = MassTransitMessage.Read;
            })
            .Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(m => m.OrderId))
            .Command<ChargeCard>(c => c.Named("billing.charge-card").To("billing").KeyedBy(m => m.OrderId))
            .Event<CardCharged>(e => e.Named("billing.card-charged").KeyedBy(m => m.OrderId))
            .Event<CardDeclined>(e => e.Named("billing.card-declined").KeyedBy(m => m.OrderId))
            .Endpoint("billing", e => e
                .Handle<ChargeCard, ChargeCardHandler>()
                .OnFailure(f => f.RetryImmediately(3).ThenAfter(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1)).ThenDeadLetter()))
            .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedHandler>()));

        builder.Services.Should().NotBeEmpty();
    }

    [Fact]
    public void Names_of_NServiceBus_are_names_like_others()
    {
        var builder = WebApplication.CreateBuilder();

        builder.Services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<ShopDb>()
            .UseRabbitMQ(r => r.Uri = new("amqp://localhost"))
            .Event<OrderPlaced>(e => e.Named("Contracts.OrderPlaced").KeyedBy(m => m.OrderId))
            .Endpoint("billing", e => e.Handle<OrderPlaced, OrderPlacedHandler>()));

        builder.Services.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Rows_of_an_old_outbox_are_moved_in_their_order_and_each_once()
    {
        await using var connection = new SqliteConnection("Data Source=:memory:");
        await connection.OpenAsync();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddDbContext<ShopDb>(o => o.UseSqlite(connection));
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<ShopDb>()
            .SerializedBy(new JsonMessageSerializer(ShopJson.Default))
            .Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(m => m.OrderId))
            .Endpoint("billing", e => e.Handle<OrderPlaced, NoHandler>()));
        await using var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
        await db.Database.EnsureCreatedAsync();
        db.OldOutbox.AddRange(Enumerable.Range(1, 3).Select(number => new OldOutboxRow(number, JsonSerializer.Serialize(new OrderPlaced(OrderId, number)))));
        await db.SaveChangesAsync();

        var moved = await new OldOutbox(db, scope.ServiceProvider.GetRequiredService<IMessageBus>()).MoveAsync(CancellationToken.None);

        moved.Should().Be(3);
        (await db.OldOutbox.CountAsync()).Should().Be(0);
        var rows = await db.Set<OutboxRow>().AsNoTracking().OrderBy(row => row.Id).ToListAsync();
        rows.Select(row => JsonSerializer.Deserialize<OrderPlaced>(row.Body, JsonSerializerOptions.Web)!.Total).Should().Equal(1, 2, 3);
        rows.Select(row => row.MessageId).Should().OnlyHaveUniqueItems();
    }

    private static void ConfigureCap(RabbitMQOptions r)
    {
        r.MapForeign = CapMessage.Read;
    }

    private static async Task PlaceAsync(ShopDb db, IMessageBus bus, Order order)
    {
        db.Orders.Add(order);
        bus.Publish(new OrderPlaced(order.Id, order.Total));
        await db.SaveChangesAsync();
    }

    private static void ToNServiceBus(IMessageBus bus, Order order)
    {
        bus.Publish(new OrderPlaced(order.Id, order.Total), o => o.Headers["NServiceBus.EnclosedMessageTypes"] = "Contracts.OrderPlaced");
    }

    private static OrderPlaced Read(MessageEnvelope envelope) => (OrderPlaced)new JsonMessageSerializer().Deserialize(envelope.Body.Span, typeof(OrderPlaced));

    private static ForeignMessage Foreign(string body, params (string Name, string Value)[] headers) => new("shop", "theirs", "", new MessageEnvelope
    {
        Id = Guid.NewGuid(), Type = "", Source = "/", Time = DateTimeOffset.UnixEpoch, ContentType = "", ConversationId = Guid.NewGuid(),
        Headers = headers.ToDictionary(header => header.Name, header => header.Value), Body = Encoding.UTF8.GetBytes(body),
    });

    private
    static class MassTransitMessage
    {
        private static readonly Dictionary<string, string> Names = new() { ["urn:message:Contracts:OrderPlaced"] = "shop.order-placed" };

        public static MessageEnvelope Read(ForeignMessage foreign)
        {
            using var json = JsonDocument.Parse(foreign.Envelope.Body);
            var theirs = json.RootElement;
            var message = theirs.GetProperty("message");
            return new MessageEnvelope
            {
                Id = theirs.GetProperty("messageId").GetGuid(),   // the same each time it comes, so that a copy is a duplicate
                Type = theirs.GetProperty("messageType").EnumerateArray().Select(urn => Names.GetValueOrDefault(urn.GetString()!)).First(name => name is not null)!,
                Source = "/masstransit",
                Time = theirs.GetProperty("sentTime").GetDateTimeOffset(),
                ContentType = "application/json",
                ConversationId = foreign.Envelope.ConversationId,
                Key = message.GetProperty("orderId").GetString(),
                Body = Encoding.UTF8.GetBytes(message.GetRawText()),
            };
        }
    }

    private
    static class CapMessage
    {
        public static MessageEnvelope Read(ForeignMessage foreign)
        {
            var theirs = foreign.Envelope;
            using var json = JsonDocument.Parse(theirs.Body);
            return new MessageEnvelope
            {
                Id = IdOf(theirs.Headers["cap-msg-id"]),
                Type = theirs.Headers["cap-msg-name"],
                Source = "/cap",
                Time = theirs.Time,
                ContentType = "application/json",
                ConversationId = theirs.ConversationId,
                Key = json.RootElement.GetProperty("OrderId").GetString(),
                Body = theirs.Body,
            };
        }

        // A snowflake is no UUID: its hash makes one, the same each time the message comes.
        private static Guid IdOf(string id) => Guid.TryParse(id, out var uuid) ? uuid : new Guid(SHA256.HashData(Encoding.UTF8.GetBytes("cap/" + id)).AsSpan(0, 16));
    }

    // Moves what the old outbox has into the new one, row by row in its order. It runs until nobody writes old rows any more.
    private
    sealed class OldOutbox(ShopDb db, IMessageBus bus)
    {
        public async Task<int> MoveAsync(CancellationToken cancellationToken)
        {
            var rows = await db.OldOutbox.OrderBy(row => row.Id).Take(100).ToListAsync(cancellationToken);
            foreach (var row in rows)
            {
                bus.Publish(JsonSerializer.Deserialize<OrderPlaced>(row.Payload)!, o => o.IdempotencyKey = $"old-outbox/{row.Id}");
                db.OldOutbox.Remove(row);
            }

            await db.SaveChangesAsync(cancellationToken);   // both or neither
            return rows.Count;
        }
    }

    private sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
    {
        public DbSet<Order> Orders => Set<Order>();

        public DbSet<Payment> Payments => Set<Payment>();

        public DbSet<OldOutboxRow> OldOutbox => Set<OldOutboxRow>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.AddMessaging();
        }
    }

    private
    sealed class ChargeCardHandler(ShopDb db) : IHandle<ChargeCard>
    {
        public Task HandleAsync(ChargeCard message, MessageContext context, CancellationToken cancellationToken)
        {
            db.Payments.Add(new Payment(message.OrderId, message.Amount));
            context.Publish(new CardCharged(message.OrderId));
            return Task.CompletedTask;
        }
    }

    private
    sealed class OrderPlacedHandler : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            context.Send(new ChargeCard(message.OrderId, message.Total));
            return Task.CompletedTask;
        }
    }

    // A state machine over events: the name of the state, the deadline and the data are one row.
    private
    sealed class OrderProcess : ProcessManager<OrderState>
    {
        protected override void Define(IProcessBuilder<OrderState> process) => process
            .Named("shop.order")
            .Initially(p => p.When<OrderPlaced>(m => m.OrderId)
                .Then((state, m, context) => { state.OrderId = m.OrderId; context.Send(new ChargeCard(m.OrderId, m.Total)); })
                .GoTo("awaiting-payment"))
            .During("awaiting-payment", p => p
                .When<CardCharged>(m => m.OrderId).GoTo("paid").Complete()
                .When<CardDeclined>(m => m.OrderId).GoTo("declined").Complete());
    }

    [Fact]
    public void The_process_is_right()
    {
        var services = new ServiceCollection();

        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<ShopDb>()
            .Event<OrderPlaced>(e => e.Named("shop.order-placed"))
            .Command<ChargeCard>(c => c.Named("billing.charge-card").To("elsewhere").Via("in-process"))
            .Event<CardCharged>(e => e.Named("billing.card-charged"))
            .Event<CardDeclined>(e => e.Named("billing.card-declined"))
            .Endpoint("elsewhere", e => e.Handle<ChargeCard, ChargeCardHandler>())
            .Endpoint("shop", e => e.Process<OrderProcess>()));

        services.Should().NotBeEmpty();
    }

    private sealed class NoHandler : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [JsonSerializable(typeof(OrderPlaced))]
    private
    sealed partial class ShopJson : JsonSerializerContext;

    private sealed class OrderState
    {
        public Guid OrderId { get; set; }
    }

    private sealed record Order(Guid Id, decimal Total);

    private sealed record Payment(Guid Id, decimal Amount);

    private sealed record OldOutboxRow(long Id, string Payload);

    private sealed record OrderPlaced(Guid OrderId, decimal Total);

    private sealed record ChargeCard(Guid OrderId, decimal Amount);

    private sealed record CardCharged(Guid OrderId);

    private sealed record CardDeclined(Guid OrderId);
}
