using System.Text;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Stores;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;

/// <summary>Messages that wait at endpoints, and dead letters that go on their way again: each operation, with the statements of each database.</summary>
public sealed class ParkingStoreTests
{
    private const int Many = 1000;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly string[] Shop = ["shop"];

    public static TheoryData<StoreTests.Statements> All => StoreTests.All;

    [Theory, MemberData(nameof(All))]
    public async Task A_parked_message_is_kept_whole_and_is_a_duplicate_if_it_comes_again(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var message = New("käy") with { Attempts = 4, Delays = 1, Headers = "{\"source\":\"ä\"}", Body = Enumerable.Range(0, 256).Select(value => (byte)value).ToArray().AsMemory(1, 254) };

        (await ParkAsync(shop, message)).Should().Be(ParkingOutcome.Parked);
        (await ParkAsync(shop, message)).Should().Be(ParkingOutcome.Duplicate);
        (await StoreOf(shop).Inbox.HandleAsync("shop", [new(Envelope(message))], Nothing, default)).Should().Equal(HandlingOutcome.Duplicate);

        var taken = (await TakeAsync(shop)).Should().ContainSingle().Which;
        taken.Should().BeEquivalentTo(message, options => options.Excluding(x => x.Id).Excluding(x => x.Body));
        taken.Body.ToArray().Should().Equal(message.Body.ToArray());
    }

    [Theory, MemberData(nameof(All))]
    public async Task Nothing_is_taken_before_its_time_nor_twice_within_a_lease_and_what_is_released_comes_at_once(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        await ParkAsync(shop, New("later"), Hour);
        await ParkAsync(shop, New("now"));
        await ParkAsync(shop, New(null));
        await ParkAsync(shop, New("now") with { Endpoint = "billing" });

        var taken = await TakeAsync(shop);
        taken.Select(message => message.Key).Should().BeEquivalentTo("now", null);
        (await TakeAsync(shop)).Should().BeEmpty();

        await StoreOf(shop).Parking.ReleaseAsync(taken, default);
        (await TakeAsync(shop)).Should().HaveCount(2);
        (await StoreOf(shop).Parking.TakeDueAsync(["shop", "billing"], 10, TimeSpan.Zero, default)).Should().ContainSingle().Which.Endpoint.Should().Be("billing");
        (await StoreOf(shop).Parking.TakeDueAsync(["shop", "billing"], 10, Hour, default)).Should().ContainSingle("its lease was over at once");
    }

    [Theory, MemberData(nameof(All))]
    public async Task Of_a_key_the_first_is_taken_and_the_next_when_it_is_done(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var (first, second, third) = (New("key"), New("key"), New("key"));
        await ParkAsync(shop, first);
        await ParkAsync(shop, second);
        await ParkAsync(shop, third);

        var head = (await TakeAsync(shop)).Should().ContainSingle().Which;
        head.MessageId.Should().Be(first.MessageId);
        (await StoreOf(shop).Parking.PostponeAsync(head, head with { Attempts = 5, Delays = 2 }, TimeSpan.Zero, default)).Should().BeTrue();
        (await StoreOf(shop).Parking.PostponeAsync(head, head with { Attempts = 9 }, TimeSpan.Zero, default)).Should().BeFalse("somebody else has postponed it since it was taken");
        (await HandleAsync(shop, head)).Should().Be(HandlingOutcome.Duplicate, "who has taken it before that is too late");
        head = (await TakeAsync(shop)).Should().ContainSingle("it is still the first").Which;
        head.Should().BeEquivalentTo(new { first.MessageId, Attempts = 5, Delays = 2 });

        (await HandleAsync(shop, head)).Should().Be(HandlingOutcome.Handled);
        (await HandleAsync(shop, head)).Should().Be(HandlingOutcome.Duplicate);
        var next = (await TakeAsync(shop)).Should().ContainSingle().Which;
        next.MessageId.Should().Be(second.MessageId);
        (await HandleAsync(shop, next with { Id = next.Id + 1, MessageId = third.MessageId })).Should().Be(HandlingOutcome.Duplicate, "it is not the first of its key");
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_handler_that_fails_leaves_its_message_parked(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        await ParkAsync(shop, New("key"));
        var head = (await TakeAsync(shop)).Single();

        await FluentActions.Awaiting(() => HandleAsync(shop, head, (_, _, _, _) => throw new InvalidOperationException("no"))).Should().ThrowAsync<InvalidOperationException>();

        (await HandleAsync(shop, head)).Should().Be(HandlingOutcome.Handled);
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_has_one_of_its_key_parked_before_it_is_not_handled_and_others_are(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        await ParkAsync(shop, New("key"), Hour);
        var handled = new List<int>();

        var outcomes = await StoreOf(shop).Inbox.HandleAsync(
            "shop", [new(Envelope(New("key"))), new(Envelope(New("other"))), new(Envelope(New(null))), new(Envelope(New("key")))],
            (_, _, index, _) =>
            {
                handled.Add(index);
                return Task.CompletedTask;
            },
            default);

        outcomes.Should().Equal(HandlingOutcome.Held, HandlingOutcome.Handled, HandlingOutcome.Handled, HandlingOutcome.Held);
        handled.Should().Equal(1, 2);
        (await StoreOf(shop).Inbox.HandleAsync("billing", [new(Envelope(New("key")))], Nothing, default)).Should().Equal([HandlingOutcome.Handled], "nothing is parked at that endpoint");
    }

    [Theory, MemberData(nameof(All))]
    public async Task No_more_of_a_key_are_parked_than_may_be(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        await ParkAsync(shop, New("key"), most: 2);
        await ParkAsync(shop, New("key"), most: 2);
        var third = New("key");

        (await ParkAsync(shop, third, most: 2)).Should().Be(ParkingOutcome.Full);
        (await ParkAsync(shop, New("other"), most: 2)).Should().Be(ParkingOutcome.Parked);
        await HandleAsync(shop, (await TakeAsync(shop)).First(message => message.Key == "key"));
        (await ParkAsync(shop, third, most: 2)).Should().Be(ParkingOutcome.Parked, "it was not claimed when there was no room");
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_parked_message_that_dies_lets_the_next_go_on_and_is_first_in_line_when_it_is_replayed(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var (first, second) = (New("key") with { Attempts = 1 }, New("key"));
        await ParkAsync(shop, first);
        await ParkAsync(shop, second);
        var head = (await TakeAsync(shop)).Single();

        (await BuryAsync(shop, head, holdsKey: false)).Should().BeTrue();
        (await BuryAsync(shop, head, holdsKey: false)).Should().BeFalse();
        var letter = (await StoreOf(shop).DeadLetters.ReadAsync(new(), Many, default)).Single();
        letter.FirstFailedAt.Should().BeBefore(letter.DeadAt);
        var next = (await TakeAsync(shop)).Should().ContainSingle().Which;
        next.MessageId.Should().Be(second.MessageId);

        (await StoreOf(shop).DeadLetters.ReplayAsync(new(), Many, default)).Should().Be(1);
        (await StoreOf(shop).DeadLetters.ReadAsync(new(), Many, default)).Should().BeEmpty();
        (await TakeAsync(shop)).Should().BeEmpty("it waits behind what is parked");
        await HandleAsync(shop, next);
        var replayed = (await TakeAsync(shop)).Should().ContainSingle().Which;
        replayed.Should().BeEquivalentTo(new { first.MessageId, Attempts = 0, Delays = 0 });
        (await HandleAsync(shop, replayed)).Should().Be(HandlingOutcome.Handled);
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_dead_letter_that_holds_its_key_keeps_its_place_until_it_is_replayed(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var (parked, direct, later) = (New("parked"), New("direct"), New("direct"));
        await ParkAsync(shop, parked);
        (await BuryAsync(shop, (await TakeAsync(shop)).Single(), holdsKey: true)).Should().BeTrue();
        (await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = Letter(direct), HoldsKey = true }, default)).IsStored.Should().BeTrue();
        (await StoreOf(shop).Inbox.HandleAsync("shop", [new(Envelope(New("parked"))), new(Envelope(later))], Nothing, default)).Should().Equal(HandlingOutcome.Held, HandlingOutcome.Held);
        await ParkAsync(shop, later);
        (await TakeAsync(shop)).Should().BeEmpty();

        (await StoreOf(shop).DeadLetters.ReplayAsync(new() { Key = "direct" }, Many, default)).Should().Be(1);
        var head = (await TakeAsync(shop)).Should().ContainSingle().Which;
        head.MessageId.Should().Be(direct.MessageId);
        await HandleAsync(shop, head);
        (await TakeAsync(shop)).Should().ContainSingle().Which.MessageId.Should().Be(later.MessageId);
        (await StoreOf(shop).DeadLetters.ReadAsync(new(), Many, default)).Should().ContainSingle().Which.MessageId.Should().Be(parked.MessageId);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Who_is_too_late_lets_go_of_no_key_that_is_held(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var (first, second) = (New("key"), New("key"));
        await ParkAsync(shop, first);
        var stale = (await TakeAsync(shop)).Single();
        await StoreOf(shop).Parking.ReleaseAsync([stale], default);
        await ParkAsync(shop, second);
        await HandleAsync(shop, (await TakeAsync(shop)).Single());
        var next = (await TakeAsync(shop)).Single();
        (await BuryAsync(shop, next, holdsKey: true)).Should().BeTrue();

        (await HandleAsync(shop, stale)).Should().Be(HandlingOutcome.Duplicate);
        (await HandleAsync(shop, next)).Should().Be(HandlingOutcome.Duplicate, "it is given up");
        (await BuryAsync(shop, next, holdsKey: true)).Should().BeFalse();
        await StoreOf(shop).Parking.ReleaseAsync([next], default);
        (await TakeAsync(shop)).Should().BeEmpty("the key is held");
    }

    [Theory, MemberData(nameof(All))]
    public async Task Of_two_that_hold_a_key_the_discarded_one_alone_lets_go(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var (first, second) = (New("key"), New("key"));
        await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = Letter(first), HoldsKey = true }, default);
        await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = Letter(second), HoldsKey = true }, default);

        (await StoreOf(shop).DeadLetters.DiscardAsync(new() { MessageId = second.MessageId }, Many, default)).Should().ContainSingle();
        (await TakeAsync(shop)).Should().BeEmpty("the first one still holds it");
        (await StoreOf(shop).DeadLetters.DiscardAsync(new(), Many, default)).Should().ContainSingle();
        (await shop.QueryAsync(db => db.Set<ParkedRow>().CountAsync())).Should().Be(0);
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_dead_letter_that_is_discarded_lets_go_of_its_key(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var (dead, later) = (New("key"), New("key"));
        await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = Letter(dead), HoldsKey = true }, default);
        await ParkAsync(shop, later);

        (await StoreOf(shop).DeadLetters.DiscardAsync(new() { Endpoint = "shop" }, Many, default)).Should().Equal(("shop", dead.MessageId));

        (await StoreOf(shop).DeadLetters.ReadAsync(new(), Many, default)).Should().BeEmpty();
        (await TakeAsync(shop)).Should().ContainSingle().Which.MessageId.Should().Be(later.MessageId);
        (await StoreOf(shop).Inbox.HandleAsync("shop", [new(Envelope(dead))], Nothing, default)).Should().Equal([HandlingOutcome.Duplicate], "a copy of it stays one");
    }

    [Theory, MemberData(nameof(All))]
    public async Task Replayed_messages_of_a_key_are_taken_in_the_order_in_which_they_died(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var dead = Enumerable.Range(0, 30).Select(number => New($"key-{number % 3}")).ToList();
        foreach (var message in dead)
        {
            await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = Letter(message) }, default);
        }

        (await StoreOf(shop).DeadLetters.ReplayAsync(new(), 7, default)).Should().Be(7);
        (await StoreOf(shop).DeadLetters.ReplayAsync(new(), Many, default)).Should().Be(23);

        var handled = new List<ParkedMessage>();
        while (await TakeAsync(shop) is { Count: > 0 } taken)
        {
            foreach (var message in taken)
            {
                (await HandleAsync(shop, message)).Should().Be(HandlingOutcome.Handled);
                handled.Add(message);
            }
        }

        foreach (var key in dead.GroupBy(message => message.Key))
        {
            handled.Where(message => message.Key == key.Key).Select(message => message.MessageId).Should().Equal(key.Select(message => message.MessageId));
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_letter_of_the_outbox_goes_back_there_and_is_no_duplicate_at_an_endpoint_of_that_name(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var message = New("key");
        await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = Letter(message) with { Origin = DeadLetterOrigin.Outbox } }, default);

        (await StoreOf(shop).DeadLetters.ReplayAsync(new(), Many, default)).Should().Be(1);

        var row = (await shop.OutboxAsync()).Should().ContainSingle().Which;
        row.Should().BeEquivalentTo(new { message.MessageId, Destination = "shop", message.Type, message.Key, Bucket = MessageKeys.Bucket("key", 64) });
        (await StoreOf(shop).Inbox.HandleAsync("shop", [new(Envelope(message))], Nothing, default)).Should().Equal(HandlingOutcome.Handled);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Dead_letters_are_found_by_everything_that_can_be_said_of_them_page_by_page(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var letters = Enumerable.Range(0, 5).Select(_ => Letter(New("key"))).ToList();
        letters[1] = letters[1] with { Endpoint = "billing", Type = "other.type", Key = null, ExceptionType = "System.FormatException", Origin = DeadLetterOrigin.Outbox };
        foreach (var letter in letters)
        {
            await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = letter }, default);
        }

        var all = await FindAsync(new());
        all.Should().Equal(letters.Select(letter => letter.MessageId));
        (await FindAsync(new(), 2)).Should().Equal(all.Take(2));
        var page = await StoreOf(shop).DeadLetters.ReadAsync(new(), 2, default);
        (await FindAsync(new() { After = page[^1].Id }, 2)).Should().Equal(all.Skip(2).Take(2));
        var other = all[1];
        foreach (var query in new DeadLetterQuery[]
        {
            new() { Endpoint = "billing" }, new() { Type = "other.type" }, new() { ExceptionType = "System.FormatException" }, new() { Origin = DeadLetterOrigin.Outbox }, new() { MessageId = other },
        })
        {
            (await FindAsync(query)).Should().Equal([other], "{0} is asked for", query);
        }

        (await FindAsync(new() { Key = "key", Endpoint = "shop" })).Should().HaveCount(4);
        (await FindAsync(new() { Since = page[0].DeadAt.AddDays(1) })).Should().BeEmpty();
        (await FindAsync(new() { Since = page[0].DeadAt.AddDays(-1), Until = page[0].DeadAt.AddDays(1) })).Should().HaveCount(5);
        (await FindAsync(new() { Until = page[0].DeadAt.AddDays(-1) })).Should().BeEmpty();

        async Task<List<Guid>> FindAsync(DeadLetterQuery query, int count = Many)
            => [.. (await StoreOf(shop).DeadLetters.ReadAsync(query, count, default)).Select(letter => letter.MessageId)];
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_parked_message_is_found_taken_or_not_with_what_is_noted_of_it(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var message = New("key");
        (await FindAsync()).Should().BeNull();
        await ParkAsync(shop, message);
        var head = (await TakeAsync(shop)).Single();
        await StoreOf(shop).Parking.PostponeAsync(head, head with { Attempts = 2, Delays = 1 }, Hour, default);

        (await FindAsync()).Should().BeEquivalentTo(new { head.Id, message.MessageId, Key = "key", Attempts = 2, Delays = 1 });
        (await StoreOf(shop).Parking.FindAsync("billing", message.MessageId, default)).Should().BeNull();

        Task<ParkedMessage?> FindAsync() => StoreOf(shop).Parking.FindAsync("shop", message.MessageId, default);
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_is_parked_where_nobody_takes_anything_is_counted_whole(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        foreach (var endpoint in new[] { "gone", "shop", "busy" })
        {
            await ParkAsync(shop, New("key") with { Endpoint = endpoint });
            await ParkAsync(shop, New("key") with { Endpoint = endpoint });
            await ParkAsync(shop, New(null) with { Endpoint = endpoint }, Hour);
        }

        (await CountAsync([])).Should().BeEmpty("nothing is overdue");
        await shop.QueryAsync(db => db.Set<ParkedRow>().Where(row => row.Endpoint != "busy").ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, row => row.DueAt == null ? null : row.DueAt.Value.AddHours(-1))));

        (await CountAsync([])).Should().Equal(("gone", 3L), ("shop", 3L));
        (await CountAsync(["shop", "billing"])).Should().Equal(("gone", 3L));

        Task<IReadOnlyList<(string Endpoint, long Count)>> CountAsync(IReadOnlyCollection<string> except)
            => StoreOf(shop).Parking.CountLeftAsync(except, TimeSpan.FromMinutes(5), default);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Dead_letters_up_to_the_last_one_are_those_that_are_there_now(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        (await StoreOf(shop).DeadLetters.ReadLastIdAsync(default)).Should().Be(0);
        var (first, second) = (New("key"), New("key"));
        await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = Letter(first) }, default);
        var last = await StoreOf(shop).DeadLetters.ReadLastIdAsync(default);
        await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = Letter(second) }, default);

        (await StoreOf(shop).DeadLetters.ReadAsync(new() { Through = last }, Many, default)).Should().ContainSingle().Which.MessageId.Should().Be(first.MessageId);
        (await StoreOf(shop).DeadLetters.ReplayAsync(new(), Many, default)).Should().Be(2);
        await BuryAsync(shop, (await TakeAsync(shop)).Single(), holdsKey: false);
        (await StoreOf(shop).DeadLetters.ReadAsync(new() { Through = last }, Many, default)).Should().BeEmpty("what dies again is given up later than it was");
    }

    [Fact]
    public async Task Whoever_parks_behind_a_message_whose_handler_takes_long_does_not_wait_for_it() // Only PostgreSQL has two who write.
    {
        await using var database = await StoreTests.DatabaseOfAsync(StoreTests.Statements.PostgreSql);
        await using var shop = await StoreTests.CreateAsync(database, StoreTests.Statements.PostgreSql);
        var (first, second) = (New("key"), New("key"));
        await ParkAsync(shop, first);
        var head = (await TakeAsync(shop)).Single();

        // The handler ends only when whoever parks has been turned away.
        await HandleAsync(shop, head, async (_, _, _, _) => (await ParkAsync(shop, second)).Should().Be(ParkingOutcome.Busy));

        (await ParkAsync(shop, second)).Should().Be(ParkingOutcome.Parked, "nothing of it was stored");
        (await TakeAsync(shop)).Should().ContainSingle().Which.MessageId.Should().Be(second.MessageId);
    }

    [Fact]
    public async Task Whoever_parks_behind_a_message_that_is_being_handled_waits_for_it_and_is_not_forgotten() // Only PostgreSQL has two who write.
    {
        await using var database = await StoreTests.DatabaseOfAsync(StoreTests.Statements.PostgreSql);
        await using var shop = await StoreTests.CreateAsync(database, StoreTests.Statements.PostgreSql);
        var (first, second) = (New("key"), New("key"));
        await ParkAsync(shop, first);
        var head = (await TakeAsync(shop)).Single();
        Task<ParkingOutcome>? parking = null;

        await HandleAsync(shop, head, (_, _, _, _) =>
        {
            parking = ParkAsync(shop, second);
            return Task.CompletedTask;
        });

        // On a busy machine the commit may be later than he waits.
        (await parking! is ParkingOutcome.Busy ? await ParkAsync(shop, second) : await parking).Should().Be(ParkingOutcome.Parked);
        (await TakeAsync(shop)).Should().ContainSingle().Which.MessageId.Should().Be(second.MessageId);
    }

    private static IMessageStore StoreOf(ShopHost shop) => shop.Services.GetRequiredService<EfMessageStore<ShopDb>>();

    private static ParkedMessage New(string? key) => new()
    {
        Endpoint = "shop",
        MessageId = Guid.CreateVersion7(),
        Type = "some.type",
        Key = key,
        Headers = "{}",
        Body = Encoding.UTF8.GetBytes("{}"),
    };

    private static MessageEnvelope Envelope(ParkedMessage message) => new()
    {
        Id = message.MessageId,
        Type = message.Type,
        Source = "/test",
        Time = default,
        ContentType = "application/json",
        ConversationId = message.MessageId,
        Key = message.Key,
        Body = message.Body,
    };

    private static DeadLetter Letter(ParkedMessage message) => new()
    {
        Endpoint = message.Endpoint,
        MessageId = message.MessageId,
        Type = message.Type,
        Key = message.Key,
        Headers = message.Headers,
        Body = message.Body,
        Reason = "why",
        Attempts = 1,
    };

    private static Task<ParkingOutcome> ParkAsync(ShopHost shop, ParkedMessage message, TimeSpan delay = default, int most = Many)
        => StoreOf(shop).Parking.ParkAsync(message, delay, most, default);

    private static Task<IReadOnlyList<ParkedMessage>> TakeAsync(ShopHost shop) => StoreOf(shop).Parking.TakeDueAsync(Shop, Many, Hour, default);

    private static async Task<bool> BuryAsync(ShopHost shop, ParkedMessage message, bool holdsKey)
        => (await StoreOf(shop).DeadLetters.AddAsync(new() { Letter = Letter(message), Parked = message, HoldsKey = holdsKey }, default)).IsStored;

    private static Task<HandlingOutcome> HandleAsync(ShopHost shop, ParkedMessage message, HandleInScope? handle = null)
        => StoreOf(shop).Inbox.HandleParkedAsync(message, Envelope(message), handle ?? Nothing, default);

    private static Task Nothing(IServiceProvider scope, Outbox.IOutboxSession session, int index, CancellationToken cancellationToken) => Task.CompletedTask;
}
