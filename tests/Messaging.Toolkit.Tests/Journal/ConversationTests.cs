using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Tests.Journal;

/// <summary>What two applications know of a flow whose clocks differ by hours, and what it looks like.</summary>
public sealed class ConversationTests
{
    private static readonly Guid Flow = Guid.Parse("01890000-0000-7000-8000-000000000001");

    private readonly Party shop = new("/shop", TimeSpan.FromHours(3));
    private readonly Party billing = new("/billing", TimeSpan.FromHours(-3));

    [Fact]
    public void Causes_come_before_effects_although_the_clocks_say_otherwise()
    {
        var (ofShop, ofBilling) = ChargeAndShip();

        var all = new Conversation(Flow, ofBilling).With(new Conversation(Flow, ofShop)).Entries;

        all.Select(entry => (entry.Service, entry.Event, entry.Type)).Should().Equal(
            ("/shop", JournalEvent.Published, "charge-card"),
            ("/billing", JournalEvent.Handled, "charge-card"),
            ("/billing", JournalEvent.Published, "card-charged"),
            ("/shop", JournalEvent.Handled, "card-charged"));
    }

    [Fact]
    public void Parts_may_overlap_and_come_in_any_order()
    {
        var (ofShop, ofBilling) = ChargeAndShip();
        var one = new Conversation(Flow, ofShop);
        var other = new Conversation(Flow, [.. ofBilling, ofShop[0]]);

        one.With(other).Entries.Should().Equal(other.With(one).Entries).And.HaveCount(4);
    }

    [Fact]
    public void Parts_of_different_conversations_are_not_put_together()
        => new Conversation(Flow, []).Invoking(one => one.With(new Conversation(Guid.Empty, []))).Should().Throw<ArgumentException>().WithMessage("*only parts of one conversation*");

    [Fact]
    public void It_is_drawn_with_an_arrow_for_each_time_that_a_message_was_handled()
    {
        var (ofShop, ofBilling) = ChargeAndShip();

        new Conversation(Flow, ofBilling).With(new Conversation(Flow, ofShop)).ToMermaid().Should().Be(
            """
            sequenceDiagram
                participant p0 as /shop
                participant p1 as cards
                participant p2 as orders
                p0->>p1: charge-card
                p1->>p2: card-charged

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void What_is_not_handled_or_given_up_is_drawn_so()
    {
        var lost = shop.NewMessage("a", cause: null);
        var dead = shop.NewMessage("b", cause: null);
        var foreign = billing.NewMessage("c", cause: null);
        JournalEntry?[] entries =
        [
            shop.Entries.Published(lost, null), shop.Entries.Published(dead, "orders"), shop.Entries.Ended(dead, JournalEvent.DeadLettered, "cards"),
            shop.Entries.Ended(foreign, JournalEvent.Expired, "cards"),
        ];

        new Conversation(Flow, [.. entries.OfType<JournalEntry>()]).ToMermaid().Should().Be(
            """
            sequenceDiagram
                participant p0 as /shop
                participant p1 as orders
                participant p2 as cards
                participant p3 as /billing
                Note over p0: a is not handled yet
                p1-xp2: b (dead letter)
                p3-xp2: c (expired)

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Names_cannot_change_the_drawing()
    {
        var message = shop.NewMessage("x\n    p0->>p0: #59; \"y\"", cause: null);

        var lines = new Conversation(Flow, [shop.Entries.Published(message, "evil;\nparticipant z")!]).ToMermaid().Split('\n');

        lines.Should().HaveCount(4, "a heading, one participant, one note and the end");
        lines[1].Should().StartWith("    participant p0 as evil#59;#10;participant z");
        lines[2].Should().NotContain("->>").And.NotContain("\"");
    }

    [Fact]
    public void Nothing_is_recorded_and_nothing_travels_if_no_journal_is_kept()
    {
        var silent = new Party("/silent", TimeSpan.Zero, keepsJournal: false);

        silent.Entries.NextTime().Should().BeNull();
        silent.Entries.Ended(shop.NewMessage("a", cause: null), JournalEvent.Handled, "cards").Should().BeNull();
    }

    [Fact]
    public void A_sender_without_a_journal_is_before_its_effects_by_the_time_of_its_message()
    {
        var silent = new Party("/silent", TimeSpan.FromHours(12), keepsJournal: false);
        var message = silent.NewMessage("a", cause: null);

        (billing.Entries.Ended(message, JournalEvent.Handled, "cards")!.At > HybridTime.Of(message.Time)).Should().BeTrue();
    }

    /// <summary>The shop sends a command to billing, whose clock is six hours behind, and billing an event back.</summary>
    private (IReadOnlyList<JournalEntry> OfShop, IReadOnlyList<JournalEntry> OfBilling) ChargeAndShip()
    {
        var charge = shop.NewMessage("charge-card", cause: null);
        var sent = shop.Entries.Published(charge, endpoint: null)!;
        var handled = billing.Entries.Ended(charge, JournalEvent.Handled, "cards")!;
        var charged = billing.NewMessage("card-charged", charge);
        return ([sent, shop.Entries.Ended(charged, JournalEvent.Handled, "orders")!], [handled, billing.Entries.Published(charged, "cards")!]);
    }

    /// <summary>An application with a clock of its own.</summary>
    private sealed class Party
    {
        private readonly SettableClock time = new();
        private readonly string source;

        public Party(string source, TimeSpan skew, bool keepsJournal = true)
        {
            this.source = source;
            time.Now += skew;
            var builder = new MessagingBuilder(new ServiceCollection()).Source(source);
            builder.Stores.Add("none");
            Entries = new JournalEntries((keepsJournal ? builder.Journal() : builder).Build(), new HybridClock(time));
        }

        public JournalEntries Entries { get; }

        public MessageEnvelope NewMessage(string type, MessageEnvelope? cause) => new()
        {
            Id = Guid.NewGuid(),
            Type = type,
            Source = source,
            Time = time.Now,
            ContentType = "application/json",
            ConversationId = Flow,
            CausationId = cause?.Id,
            PublishedAt = Entries.NextTime(),
            Body = default,
        };
    }
}
