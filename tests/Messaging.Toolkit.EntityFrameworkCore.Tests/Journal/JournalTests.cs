using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Stores;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Journal;

/// <summary>What is recorded of conversations, and that nothing depends on it.</summary>
public sealed class JournalTests
{
    private const int JournalMissing = 36;

    [Theory, EachDatabase]
    public async Task A_flow_is_found_by_its_correlation_id_and_read_from_cause_to_effect(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, WithJournal);

        await OrderAsync(shop);
        await shop.HandledAsync(3);
        await shop.StopAsync();

        var journal = shop.Services.GetRequiredService<IJournal>();
        var id = (await journal.FindConversationsAsync("visit-7")).Should().ContainSingle().Subject;
        var conversation = await journal.GetConversationAsync(id);
        conversation.Entries.Select(entry => (entry.Event, entry.Type, entry.Endpoint)).Should().Equal(
            (JournalEvent.Published, "shop.order-placed", null),
            (JournalEvent.Handled, "shop.order-placed", "shop"),
            (JournalEvent.Published, "billing.charge-card", "shop"),
            (JournalEvent.Handled, "billing.charge-card", "billing"),
            (JournalEvent.Published, "billing.card-charged", "billing"),
            (JournalEvent.Handled, "billing.card-charged", "shop"));
        conversation.Entries[0].MessageId.Should().Be(id);
        conversation.Entries[2].CausationId.Should().Be(id);
        conversation.ToMermaid().Should().Contain("charge-card").And.NotContain("not handled");
        (await shop.QueryAsync(db => db.Set<JournalRow>().CountAsync())).Should().Be(6);
    }

    [Theory, EachDatabase]
    public async Task What_is_rolled_back_is_not_recorded(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, WithJournal);

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            bus.Publish(new OrderPlaced("1"));
            await db.SaveChangesAsync();
            await transaction.RollbackAsync();
        });

        (await shop.QueryAsync(db => db.Set<JournalRow>().CountAsync())).Should().Be(0);
    }

    [Theory, EachDatabase]
    public async Task A_dead_letter_is_the_end_of_its_branch(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, messaging => ShopHost.Messages(messaging).Journal()
            .Endpoint("shop", e => e.Handle<OrderPlaced, Refusing>().OnFailure(f => f.ThenDeadLetter()))
            .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>()));

        await OrderAsync(shop);
        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == 1, "a dead letter");
        await shop.StopAsync();

        var journal = shop.Services.GetRequiredService<IJournal>();
        var conversation = await journal.GetConversationAsync((await journal.FindConversationsAsync("visit-7"))[0]);
        conversation.Entries.Select(entry => entry.Event).Should().Equal(JournalEvent.Published, JournalEvent.DeadLettered);
        conversation.ToMermaid().Should().Contain("(dead letter)");
    }

    [Theory, EachDatabase]
    public async Task Scheduled_messages_are_recorded_when_they_are_published(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, WithJournal);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("1"), o => o.After(TimeSpan.FromDays(1)));
            await db.SaveChangesAsync();
        });

        (await shop.QueryAsync(db => db.Set<JournalRow>().SingleAsync())).Event.Should().Be(JournalEvent.Published);
    }

    [Theory, EachDatabase]
    public async Task A_journal_without_a_table_hurts_nobody(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, WithJournal);
        await shop.QueryAsync(db => db.Database.ExecuteSqlRawAsync("DROP TABLE messaging_journal"));
        await shop.StartAsync();

        await OrderAsync(shop);
        await shop.HandledAsync(3);
        await shop.StopAsync();

        (await shop.EffectsAsync()).Should().HaveCount(3);
        (await shop.DeadLettersAsync()).Should().BeEmpty();
        shop.Log.Lines.Should().ContainSingle(line => line.Id == JournalMissing && line.Level == LogLevel.Warning);
        shop.Log.Lines.Should().NotContain(line => line.Level == LogLevel.Error);
        var reading = () => shop.Services.GetRequiredService<IJournal>().GetConversationAsync(Guid.NewGuid());
        (await reading.Should().ThrowAsync<MessagingException>()).WithMessage("*ShopDb has no table for the journal*add a migration*");
    }

    [Theory, EachDatabase]
    public async Task Nothing_is_recorded_unless_it_is_asked_for(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database);

        await OrderAsync(shop);
        await shop.HandledAsync(3);
        await shop.StopAsync();

        (await shop.QueryAsync(db => db.Set<JournalRow>().CountAsync())).Should().Be(0);
        var reading = () => shop.Services.GetRequiredService<IJournal>().GetConversationAsync(Guid.NewGuid());
        (await reading.Should().ThrowAsync<MessagingException>()).WithMessage("*add .Journal() to AddMessaging*");
    }

    [Theory, EachDatabase]
    public async Task No_more_is_read_of_a_conversation_than_may_be_and_it_says_so(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, messaging =>
        {
            ShopHost.Standard(messaging);
            messaging.Journal(journal => journal.MaxEntries = 4);
        });

        await OrderAsync(shop);
        await shop.HandledAsync(3);
        await shop.StopAsync();

        var journal = shop.Services.GetRequiredService<IJournal>();
        var conversation = await journal.GetConversationAsync((await journal.FindConversationsAsync("visit-7"))[0]);
        conversation.IsCut.Should().BeTrue();
        conversation.Entries.Should().HaveCount(4);
        conversation.Entries[0].Type.Should().Be("shop.order-placed");
    }

    [Theory, EachDatabase]
    public async Task Old_entries_are_deleted_and_new_ones_stay(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, WithJournal);
        var store = shop.Services.GetRequiredService<IMessageStore>().Journal;
        (await store.OpenAsync(default)).Should().BeTrue();
        await OrderAsync(shop);
        await shop.QueryAsync(db => db.Set<JournalRow>().ExecuteUpdateAsync(set => set.SetProperty(row => row.RecordedAt, DateTime.UtcNow.AddHours(-2))));
        await OrderAsync(shop);

        (await store.PurgeAsync(TimeSpan.FromHours(1), 1000, default)).Should().Be(1);

        (await shop.QueryAsync(db => db.Set<JournalRow>().CountAsync())).Should().Be(1);
    }

    private static void WithJournal(MessagingBuilder messaging)
    {
        ShopHost.Standard(messaging);
        messaging.Journal();
    }

    private static Task OrderAsync(ShopHost shop) => shop.InScopeAsync(async (db, bus) =>
    {
        bus.Publish(new OrderPlaced("1"), o => o.CorrelationId = "visit-7");
        await db.SaveChangesAsync();
    });

    public sealed class Refusing : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken) => throw new InvalidOperationException("No.");
    }
}
