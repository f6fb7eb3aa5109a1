using System.Reflection;
using System.Text.RegularExpressions;
using Messaging.Toolkit;
using Messaging.Toolkit.Kafka;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>
/// What the pages of docs show compiles: it is in the files of this project. The README's program is compiled and run as a whole, by the tests of the packages.
/// </summary>
public sealed class ReadmeTests
{
    public static TheoryData<string> Pages => [.. Directory.GetFiles(Path.Combine(Root, "docs"), "*.md")
        .Where(page => CodeIn(page).Count > 0).Select(page => Path.GetRelativePath(Root, page))];

    [Theory, MemberData(nameof(Pages))]
    public void Every_line_of_code_is_compiled(string page)
    {
        var compiled = Directory.GetFiles(Path.Combine(Root, "tests", "OrderFulfilment.Tests"), "*.cs")
            .SelectMany(File.ReadAllLines).Select(line => line.Trim()).ToHashSet();

        CodeIn(Path.Combine(Root, page)).Should().OnlyContain(line => compiled.Contains(line));
    }

    [Theory]
    [InlineData("docs/testing.md")]
    [InlineData("docs/from-masstransit.md")]
    public void There_is_code_to_compile(string page) => CodeIn(Path.Combine(Root, page)).Should().NotBeEmpty();

    private static List<string> CodeIn(string page) => Regex.Matches(File.ReadAllText(page), "```csharp\n(.*?)```", RegexOptions.Singleline)
        .SelectMany(block => block.Groups[1].Value.Split('\n')).Select(line => line.Trim()).Where(line => line.Length > 0).ToList();

    /// <summary>From the build, because a deterministic build does not tell the compiler where the sources are.</summary>
    private static string Root => typeof(ReadmeTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "RepositoryRoot").Value!;

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

    private sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options);

    private sealed record OrderPlaced(Guid OrderId, decimal Total);
}
