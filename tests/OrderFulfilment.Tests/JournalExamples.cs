using Messaging.Toolkit;
using Messaging.Toolkit.Journal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>The code of docs/journal.md.</summary>
public sealed class JournalExamples
{
    [Fact]
    public void The_configuration_is_right()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());

        builder.Services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<ShopDb>()
            .Journal(j => j.Retention = TimeSpan.FromDays(30))   // default 7 days
        );

        builder.Services.Should().Contain(service => service.ServiceType == typeof(IJournal));
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/orders/{id:guid}/flow", async (Guid id, IJournal journal) =>
        {
            var conversations = await journal.FindConversationsAsync(id.ToString());   // o.CorrelationId of its first message
            return conversations is [var first, ..]
                ? Results.Text((await journal.GetConversationAsync(first)).ToMermaid())   // or by context.ConversationId
                : Results.NotFound();
        });
    }

    private static Conversation Join(Conversation mine, Conversation theirs)
    {
        var whole = mine.With(theirs);
        return whole;
    }

    private sealed class ShopDb(DbContextOptions<ShopDb> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
    }
}
