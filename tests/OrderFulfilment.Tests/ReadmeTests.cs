using System.Reflection;
using System.Text.RegularExpressions;
using Messaging.Toolkit;
using Messaging.Toolkit.Kafka;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>What the README and the pages of docs show compiles: the README's code is this file's, that of the pages is in other files of this project.</summary>
public sealed class ReadmeTests
{
    public static TheoryData<string> Pages => [.. Directory.GetFiles(Path.Combine(Root, "docs"), "*.md").Append(Path.Combine(Root, "README.md"))
        .Where(page => CodeIn(page).Count > 0).Select(page => Path.GetRelativePath(Root, page))];

    [Theory, MemberData(nameof(Pages))]
    public void Every_line_of_code_is_compiled(string page)
    {
        var compiled = Directory.GetFiles(Path.Combine(Root, "tests", "OrderFulfilment.Tests"), "*.cs")
            .SelectMany(File.ReadAllLines).Select(line => line.Trim()).ToHashSet();

        CodeIn(Path.Combine(Root, page)).Should().OnlyContain(line => compiled.Contains(line));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/testing.md")]
    public void There_is_code_to_compile(string page) => CodeIn(Path.Combine(Root, page)).Should().NotBeEmpty();

    private static List<string> CodeIn(string page) => Regex.Matches(File.ReadAllText(page), "```csharp\n(.*?)```", RegexOptions.Singleline)
        .SelectMany(block => block.Groups[1].Value.Split('\n')).Select(line => line.Trim()).Where(line => line.Length > 0).ToList();

    /// <summary>From the build, because a deterministic build does not tell the compiler where the sources are.</summary>
    private static string Root => typeof(ReadmeTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "RepositoryRoot").Value!;

    private static class Startup
    {
        public static void Run(WebApplicationBuilder builder, WebApplication app, string connectionString)
        {
            builder.Services.AddDbContext<ShopDb>(o => o.UseNpgsql(connectionString));   // nothing special here

            builder.Services.AddMessaging(messaging => messaging
                .UseEntityFrameworkCore<ShopDb>()
                .Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(m => m.OrderId))
                .Event<CardCharged>(e => e.Named("billing.card-charged").KeyedBy(m => m.OrderId))
                .Command<ChargeCard>(c => c.Named("billing.charge-card").To("billing").KeyedBy(m => m.OrderId))
                .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedHandler>())
                .Endpoint("billing", e => e
                    .Handle<ChargeCard, ChargeCardHandler>()
                    .Concurrency(32)
                    .OnFailure(f => f.RetryImmediately(3).ThenDeadLetter())));

            // Publish is like db.Add: nothing leaves before SaveChanges commits, and nothing more than SaveChanges is needed.
            app.MapPost("/orders", async (Order order, ShopDb db, IMessageBus bus) =>
            {
                db.Orders.Add(order);
                bus.Publish(new OrderPlaced(order.Id, order.Total));
                await db.SaveChangesAsync();
            });
        }
    }

    private static class OverKafka
    {
        public static void Run(WebApplicationBuilder builder)
        {
            builder.Services.AddMessaging(messaging => messaging
                .UseEntityFrameworkCore<ShopDb>()
                .UseKafka(k => k.BootstrapServers = "localhost:9092")
                .Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(m => m.OrderId)));
        }
    }

    private static class DeadLettersOverKafka
    {
        public static void Configure(KafkaOptions k)
        {
            k.DeadLetterTopic = endpoint => endpoint + ".dead-letters";
        }
    }

    private static class PositionsOverKafka
    {
        public static void Configure(KafkaOptions k)
        {
            k.OffsetsInDatabase = true;
        }
    }

    private static class OverRabbitMQ
    {
        public static void Run(WebApplicationBuilder builder)
        {
            builder.Services.AddMessaging(messaging => messaging
                .UseEntityFrameworkCore<ShopDb>()
                .UseRabbitMQ(r => r.Uri = new("amqp://localhost"))
                .Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(m => m.OrderId)));
        }
    }

    private sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
    {
        public DbSet<Order> Orders => Set<Order>();

        public DbSet<Payment> Payments => Set<Payment>();

        // The tables are part of your own model and your own migrations.
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
    }

    // The claim of the message, the changes and the outgoing messages commit in one transaction.
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

    private sealed class OrderPlacedHandler : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            context.Send(new ChargeCard(message.OrderId, message.Total));
            return Task.CompletedTask;
        }
    }

    private sealed record Order(Guid Id, decimal Total);

    private sealed record Payment(Guid OrderId, decimal Amount);

    private sealed record OrderPlaced(Guid OrderId, decimal Total);

    private sealed record ChargeCard(Guid OrderId, decimal Amount);

    private sealed record CardCharged(Guid OrderId);
}
