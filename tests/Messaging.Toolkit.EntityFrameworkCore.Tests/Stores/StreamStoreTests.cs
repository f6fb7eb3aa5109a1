using System.Data.Common;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Streams;
using Messaging.Toolkit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;

/// <summary>Positions in streams: how they are taken, moved with the handlers' work, and lost; with the statements of each database.</summary>
public sealed class StreamStoreTests
{
    private const string Stream = "kafka/orders/3";
    private const int Memory = 1000;

    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    public static TheoryData<StoreTests.Statements> All => StoreTests.All;

    [Theory, MemberData(nameof(All))]
    public async Task A_stream_is_taken_under_another_epoch_each_time_and_goes_on_where_it_was(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);

        var first = await TakeAsync(shop);
        (first.Next, first.ChecksClaims).Should().Be((StreamState.Nowhere, false));
        (await HandleAsync(shop, At(first, 40), At(first, 43))).Should().Equal(HandlingOutcome.Handled, HandlingOutcome.Handled);

        var second = await TakeAsync(shop);
        (second.Epoch, second.Next, second.Total).Should().Be((first.Epoch + 1, 44, 2));
        (await TakeAsync(shop, "kafka/orders/4")).Next.Should().Be(StreamState.Nowhere, "that is another stream");
        (await StoreTests.StoreOf(shop).Streams.TakeAsync("billing", Stream, Memory, Week, default)).Next.Should().Be(StreamState.Nowhere, "that is another endpoint");
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_has_a_key_moves_the_position_and_has_no_claim_and_what_has_none_is_claimed_too(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var position = await TakeAsync(shop);
        var (keyed, unkeyed) = (At(position, 0), At(position, 1, key: null));

        await HandleAsync(shop, keyed, unkeyed);

        (await ClaimsAsync(shop)).Should().Equal(unkeyed.Envelope.Id);
        (await RowAsync(shop)).Next.Should().Be(2);
        (await EffectsAsync(shop)).Should().Equal(keyed.Envelope.Id, unkeyed.Envelope.Id);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Who_had_the_stream_before_has_no_effect_any_more(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var old = await TakeAsync(shop);
        var (first, second) = (At(old, 0), At(old, 1));
        await HandleAsync(shop, first);
        var young = await TakeAsync(shop);

        await FluentActions.Awaiting(() => HandleAsync(shop, second)).Should().ThrowAsync<StreamLostException>();
        old.IsLost.Should().BeTrue();
        await FluentActions.Awaiting(() => ParkAsync(shop, second)).Should().ThrowAsync<StreamLostException>();
        await FluentActions.Awaiting(() => BuryAsync(shop, second)).Should().ThrowAsync<StreamLostException>();

        (await HandleAsync(shop, At(young, 1, id: second.Envelope.Id))).Should().Equal(HandlingOutcome.Handled);
        (await EffectsAsync(shop)).Should().Equal(first.Envelope.Id, second.Envelope.Id);
        (await shop.DeadLettersAsync()).Should().BeEmpty();
        (await shop.QueryAsync(db => db.Set<ParkedRow>().CountAsync())).Should().Be(0);
    }

    [Fact]
    public async Task Who_is_in_the_middle_of_a_handler_commits_first_or_is_rolled_back_and_whoever_comes_after_goes_on_from_there() // Only PostgreSQL has two who write.
    {
        await using var database = await StoreTests.DatabaseOfAsync(StoreTests.Statements.PostgreSql);
        await using var shop = await StoreTests.CreateAsync(database, StoreTests.Statements.PostgreSql);
        var old = await TakeAsync(shop);
        Task<StreamPosition>? taking = null;

        await HandleAsync(shop, [At(old, 0)], () =>
        {
            taking = TakeAsync(shop);
            return Task.CompletedTask;
        });

        (await taking!).Next.Should().Be(1, "the row was locked until that had committed");
        await FluentActions.Awaiting(() => HandleAsync(shop, At(old, 1))).Should().ThrowAsync<StreamLostException>();
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_commit_whose_reply_was_lost_makes_duplicates_of_what_it_had_handled_however_that_is_tried_again(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var state = await StateAsync(shop);

        // One position is told of the commit, the other is as if the reply had been lost.
        var (told, untold) = (New(state), New(state));
        var messages = Enumerable.Range(0, 4).Select(offset => At(told, offset)).ToArray();
        await HandleAsync(shop, messages[..3]);
        var again = messages.Select((message, offset) => At(untold, offset, id: message.Envelope.Id)).ToArray();

        (await HandleAsync(shop, again[0])).Should().Equal([HandlingOutcome.Duplicate], "the group had gone further");
        (await HandleAsync(shop, again[1..])).Should().Equal(HandlingOutcome.Duplicate, HandlingOutcome.Duplicate, HandlingOutcome.Handled);
        (await HandleAsync(shop, At(untold, 4, id: messages[1].Envelope.Id))).Should().Equal([HandlingOutcome.Duplicate], "it is remembered all the same");

        (await EffectsAsync(shop)).Should().Equal(messages.Select(message => message.Envelope.Id));
        (await RowAsync(shop)).Next.Should().Be(5);
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_was_rolled_back_moves_nothing_and_is_not_remembered(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var position = await TakeAsync(shop);
        Delivery[] messages = [At(position, 0), At(position, 1)];

        await FluentActions.Awaiting(() => HandleAsync(shop, messages, () => throw new InvalidOperationException("as it happens"))).Should().ThrowAsync<InvalidOperationException>();
        (await RowAsync(shop)).Next.Should().Be(StreamState.Nowhere);

        (await HandleAsync(shop, messages[0])).Should().Equal(HandlingOutcome.Handled);
        (await HandleAsync(shop, messages[1])).Should().Equal(HandlingOutcome.Handled);
        (await EffectsAsync(shop)).Should().Equal(messages.Select(message => message.Envelope.Id));
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_its_sender_has_sent_again_is_a_duplicate_also_for_who_takes_the_stream_later(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var position = await TakeAsync(shop);
        var (first, second, unkeyed) = (At(position, 0), At(position, 1), At(position, 2, key: null));
        await HandleAsync(shop, first, second, unkeyed);

        (await HandleAsync(shop, At(position, 3, id: first.Envelope.Id), At(position, 4))).Should().Equal(HandlingOutcome.Duplicate, HandlingOutcome.Handled);
        var later = await TakeAsync(shop);
        (await HandleAsync(shop, At(later, 5, id: second.Envelope.Id))).Should().Equal(HandlingOutcome.Duplicate);
        var other = await TakeAsync(shop, "kafka/orders/4");
        (await HandleAsync(shop, At(other, 0, key: null, id: unkeyed.Envelope.Id))).Should().Equal([HandlingOutcome.Duplicate], "without a key it may go to any partition");

        (await RowAsync(shop)).Next.Should().Be(6, "a duplicate is settled");
        (await EffectsAsync(shop)).Should().HaveCount(4).And.OnlyHaveUniqueItems();
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_message_whose_key_is_parked_ends_the_group_before_it_and_parking_it_moves_the_position(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var position = await TakeAsync(shop);
        var failed = At(position, 0, "ann");
        (await ParkAsync(shop, failed)).Should().Be(ParkingOutcome.Parked);
        Delivery[] messages = [At(position, 1, "bob"), At(position, 2, "ann"), At(position, 3, "bob")];

        (await HandleAsync(shop, messages)).Should().Equal(HandlingOutcome.Handled, HandlingOutcome.Held, HandlingOutcome.Waits);
        (await RowAsync(shop)).Next.Should().Be(2);
        (await HandleAsync(shop, messages[1..])).Should().Equal([HandlingOutcome.Held, HandlingOutcome.Waits], "nothing has been parked");
        (await ParkAsync(shop, messages[1])).Should().Be(ParkingOutcome.Parked);

        (await HandleAsync(shop, messages[2])).Should().Equal(HandlingOutcome.Handled);
        (await EffectsAsync(shop)).Should().Equal(messages[0].Envelope.Id, messages[2].Envelope.Id);
        (await RowAsync(shop)).Next.Should().Be(4);
        (await shop.QueryAsync(db => db.Set<ParkedRow>().OrderBy(row => row.Id).Select(row => row.MessageId).ToListAsync())).Should().Equal(failed.Envelope.Id, messages[1].Envelope.Id);
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_was_parked_or_has_died_is_known_when_it_comes_again_and_leaves_the_stream_all_the_same(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var position = await TakeAsync(shop);
        var (parked, dead, handled) = (At(position, 0, "ann"), At(position, 1, "bob"), At(position, 2, "cid"));
        await ParkAsync(shop, parked);
        (await BuryAsync(shop, dead)).Should().BeTrue();
        await HandleAsync(shop, handled);

        (await HandleAsync(shop, At(position, 3, "ann", parked.Envelope.Id), At(position, 4, "bob", dead.Envelope.Id))).Should().Equal(HandlingOutcome.Duplicate, HandlingOutcome.Duplicate);
        (await ParkAsync(shop, At(position, 5, "cid", handled.Envelope.Id))).Should().Be(ParkingOutcome.Duplicate);
        (await BuryAsync(shop, At(position, 6, "cid", handled.Envelope.Id))).Should().BeFalse();
        (await RowAsync(shop)).Next.Should().Be(7);

        var later = await TakeAsync(shop);
        (await HandleAsync(shop, At(later, 7, "ann", parked.Envelope.Id), At(later, 8, "bob", dead.Envelope.Id))).Should().Equal(HandlingOutcome.Duplicate, HandlingOutcome.Duplicate);
        (await shop.DeadLettersAsync()).Should().ContainSingle();
    }

    [Theory, MemberData(nameof(All))]
    public async Task An_ending_whose_reply_was_lost_is_found_and_written_once(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var state = await StateAsync(shop);
        var (told, untold) = (New(state), New(state));
        var (parked, dead) = (At(told, 0, "ann"), At(told, 1, "bob"));
        await ParkAsync(shop, parked);
        await BuryAsync(shop, dead);

        (await ParkAsync(shop, At(untold, 0, "ann", parked.Envelope.Id))).Should().Be(ParkingOutcome.Duplicate);
        (await BuryAsync(shop, At(untold, 1, "bob", dead.Envelope.Id))).Should().BeFalse();

        (await HandleAsync(shop, At(untold, 2))).Should().Equal(HandlingOutcome.Handled);
        (await RowAsync(shop)).Next.Should().Be(3);
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_message_that_was_handled_with_the_reply_lost_does_not_die_of_being_too_late(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var state = await StateAsync(shop);
        var (told, untold) = (New(state), New(state));
        var message = At(told, 0);
        await HandleAsync(shop, message);

        (await BuryAsync(shop, At(untold, 0, id: message.Envelope.Id))).Should().BeFalse();

        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    [Theory, MemberData(nameof(All))]
    public async Task Only_the_last_ids_are_remembered_and_the_rows_of_the_others_go(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var position = await TakeAsync(shop, memory: 100);
        var ids = new List<Guid>();
        for (var offset = 0; offset < 1200; offset += 50)
        {
            Delivery[] group = [.. Enumerable.Range(offset, 50).Select(each => At(position, each))];
            ids.AddRange(group.Select(message => message.Envelope.Id));
            await HandleAsync(shop, group, Nothing);
        }

        (await shop.QueryAsync(db => db.Set<StreamIdsRow>().CountAsync())).Should().BeLessThan(15, "24 were written, and all that are older are deleted every 500 ids");
        var later = await TakeAsync(shop, memory: 100);
        foreach (var each in new[] { position, later })
        {
            ids.Where(each.Remembers).Should().Equal(ids[^100..]);
            each.Total.Should().Be(1200);
        }

        (await TakeAsync(shop, memory: 0)).Remembers(ids[^1]).Should().BeFalse();
        (await shop.QueryAsync(db => db.Set<StreamIdsRow>().CountAsync())).Should().Be(0, "nobody else would delete them");
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_stream_that_was_made_anew_begins_lower_and_nothing_of_it_is_passed_over(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        await HandleAsync(shop, At(await TakeAsync(shop), 1000));

        var state = await StateAsync(shop);
        var (told, untold) = (New(state), New(state));
        (await HandleAsync(shop, At(told, 0))).Should().Equal(HandlingOutcome.Handled);
        (await RowAsync(shop)).Next.Should().Be(1);

        (await HandleAsync(shop, At(untold, 0), At(untold, 1))).Should().Equal(HandlingOutcome.Duplicate, HandlingOutcome.Handled);
        (await HandleAsync(shop, At(untold, 2))).Should().Equal(HandlingOutcome.Handled);
        (await RowAsync(shop)).Next.Should().Be(3);
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_message_is_not_handled_before_an_earlier_one_of_its_stream_which_is_taken_again_then(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var ids = Enumerable.Range(0, 3).Select(_ => Guid.CreateVersion7()).ToArray();

        await ShouldBeLostAsync(messages => HandleAsync(shop, messages[1]));
        await ShouldBeLostAsync(messages => HandleAsync(shop, messages[0], messages[2]));
        await ShouldBeLostAsync(messages => ParkAsync(shop, messages[1]));
        await ShouldBeLostAsync(messages => BuryAsync(shop, messages[1]));

        (await EffectsAsync(shop)).Should().BeEmpty();
        (await HandleAsync(shop, await MessagesAsync())).Should().Equal(HandlingOutcome.Handled, HandlingOutcome.Handled, HandlingOutcome.Handled);

        async Task ShouldBeLostAsync(Func<Delivery[], Task> settle)
        {
            var messages = await MessagesAsync();
            await FluentActions.Awaiting(() => settle(messages)).Should().ThrowAsync<StreamLostException>();
            messages[0].Place!.Position.IsLost.Should().BeTrue();
        }

        async Task<Delivery[]> MessagesAsync()
        {
            var position = await TakeAsync(shop);
            return [.. ids.Select((id, offset) => At(position, offset, id: id))];
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_is_settled_already_is_a_duplicate_however_often_and_however_it_is_tried_again(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var position = await TakeAsync(shop);
        var (parked, dead, handled, grouped, unkeyed) = (At(position, 0, "ann"), At(position, 1, "bob"), At(position, 2, "cid"), At(position, 3, "dan"), At(position, 4, key: null));
        await ParkAsync(shop, parked);
        await BuryAsync(shop, dead);
        await HandleAsync(shop, handled);
        await HandleAsync(shop, grouped, unkeyed);

        for (var i = 0; i < 2; i++)
        {
            foreach (var message in new[] { parked, dead, handled, grouped, unkeyed })
            {
                (await HandleAsync(shop, message)).Should().Equal(HandlingOutcome.Duplicate);
                (await ParkAsync(shop, message)).Should().Be(ParkingOutcome.Duplicate);
                (await BuryAsync(shop, message)).Should().BeFalse();
            }
        }

        (await HandleAsync(shop, grouped, unkeyed, At(position, 5))).Should().Equal(HandlingOutcome.Duplicate, HandlingOutcome.Duplicate, HandlingOutcome.Handled);
        (await EffectsAsync(shop)).Should().HaveCount(4).And.OnlyHaveUniqueItems();
        (await RowAsync(shop)).Next.Should().Be(6);
        position.IsLost.Should().BeFalse();
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_database_that_has_lost_what_it_had_committed_has_its_stream_taken_again_and_nothing_is_passed_over(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var position = await TakeAsync(shop);
        await HandleAsync(shop, At(position, 0), At(position, 1), At(position, 2));
        await shop.QueryAsync(db => db.Set<StreamRow>().ExecuteUpdateAsync(set => set.SetProperty(row => row.Next, 1)));

        await FluentActions.Awaiting(() => HandleAsync(shop, At(position, 3))).Should().ThrowAsync<StreamLostException>();

        (await TakeAsync(shop)).Next.Should().Be(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Memory)]
    public async Task A_handler_that_swallows_a_failed_statement_has_not_handled_anything_whether_or_not_ids_are_remembered(int memory) // Only PostgreSQL aborts the transaction.
    {
        await using var database = await StoreTests.DatabaseOfAsync(StoreTests.Statements.PostgreSql);
        await using var shop = await StoreTests.CreateAsync(database, StoreTests.Statements.PostgreSql);
        var message = At(await TakeAsync(shop, memory: memory), 0);

        var handle = () => StoreTests.StoreOf(shop).Inbox.HandleAsync("shop", [message], async (scope, _, _, _) =>
        {
            var fail = () => scope.GetRequiredService<ShopDb>().Database.ExecuteSqlRawAsync("SELECT 1 FROM what_there_is_not");
            await fail.Should().ThrowAsync<PostgresException>();
        }, default);

        await handle.Should().ThrowAsync<PostgresException>();
        message.Place!.IsSettled.Should().BeFalse();
        (await RowAsync(shop)).Next.Should().Be(StreamState.Nowhere);
    }

    /// <summary>The first message has to be parked, so that the position stays where it is: that must not be taken for the sign of a commit.</summary>
    [Fact]
    public async Task An_attempt_that_has_failed_before_its_commit_is_not_taken_for_done_because_a_position_is_where_it_was() // SQLite's provider does not retry.
    {
        await using var database = await StoreTests.DatabaseOfAsync(StoreTests.Statements.PostgreSql);
        await using var somebody = new NpgsqlConnection(database.ConnectionString);
        var whenRetried = new AtItsSecondTransaction(somebody.CloseAsync);
        await using var shop = await ShopHost.CreateAsync(
            database, options: options => options.UseNpgsql(database.ConnectionString, npgsql => npgsql.EnableRetryOnFailure()).AddInterceptors(whenRetried));
        var (one, other) = (await TakeAsync(shop), await TakeAsync(shop, "kafka/orders/4"));
        await ParkAsync(shop, At(one, 0, "ann"));
        Delivery[] messages = [At(one, 1, "ann"), At(other, 0, "bob")];
        await somebody.OpenAsync();
        await using var holding = await somebody.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand("UPDATE messaging_stream SET epoch = epoch WHERE stream = 'kafka/orders/4'", somebody, holding);
        await hold.ExecuteNonQueryAsync();

        whenRetried.Count = 0;
        (await HandleAsync(shop, messages)).Should().Equal(HandlingOutcome.Held, HandlingOutcome.Handled);
        whenRetried.Count.Should().Be(2);

        (await EffectsAsync(shop)).Should().Equal(messages[1].Envelope.Id);
        messages.Select(message => message.Place!.IsSettled).Should().Equal(false, true);
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_was_claimed_before_positions_were_kept_stays_handled_as_long_as_claims_are_kept(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var envelope = Envelope("ann", Guid.CreateVersion7());
        await HandleAsync(shop, new Delivery(envelope));

        var position = await TakeAsync(shop);
        position.ChecksClaims.Should().BeTrue();
        (await HandleAsync(shop, At(position, 0, "ann", envelope.Id), At(position, 1, "ann"))).Should().Equal(HandlingOutcome.Duplicate, HandlingOutcome.Handled);
        (await TakeAsync(shop)).ChecksClaims.Should().BeTrue();

        await shop.QueryAsync(db => db.Set<StreamRow>().ExecuteUpdateAsync(set => set.SetProperty(row => row.ClaimsUntil, row => row.ClaimsUntil!.Value.AddDays(-8))));
        (await TakeAsync(shop)).ChecksClaims.Should().BeFalse();
    }

    [Theory, MemberData(nameof(All))]
    public async Task Positions_that_are_deleted_are_gone_with_what_was_remembered_and_those_of_others_stay(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var streams = StoreTests.StoreOf(shop).Streams;
        var (one, other) = (await TakeAsync(shop), await TakeAsync(shop, "kafka/orders/4"));
        await HandleAsync(shop, At(one, 7), At(other, 8));
        await streams.TakeAsync("billing", Stream, Memory, Week, default);
        (await streams.ReadNamesAsync("shop", default)).Should().BeEquivalentTo(Stream, "kafka/orders/4");

        await streams.DeleteAsync("shop", [Stream, "kafka/orders/5"], default);

        (await streams.ReadNamesAsync("shop", default)).Should().Equal("kafka/orders/4");
        (await streams.ReadNamesAsync("billing", default)).Should().Equal(Stream);
        (await shop.QueryAsync(db => db.Set<StreamIdsRow>().Select(row => row.Stream).ToListAsync())).Should().Equal("kafka/orders/4");
        var again = await StateAsync(shop);
        (again.Next, again.Total).Should().Be((StreamState.Nowhere, 0));
        again.Epoch.Should().NotBe(one.Epoch, "who had the row that was deleted must not move this one");
        await FluentActions.Awaiting(() => HandleAsync(shop, At(one, 8))).Should().ThrowAsync<StreamLostException>();
    }

    [Theory, MemberData(nameof(All))]
    public async Task Messages_of_several_streams_and_of_none_share_a_transaction(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var (one, other) = (await TakeAsync(shop), await TakeAsync(shop, "kafka/orders/4"));
        Delivery[] messages = [At(other, 7), new Delivery(Envelope("ann", Guid.CreateVersion7())), At(one, 5), At(other, 8)];

        (await HandleAsync(shop, messages)).Should().AllBeEquivalentTo(HandlingOutcome.Handled);

        (await EffectsAsync(shop)).Should().Equal(messages.Select(message => message.Envelope.Id));
        (await ClaimsAsync(shop)).Should().Equal(messages[1].Envelope.Id);
        (await shop.QueryAsync(db => db.Set<StreamRow>().OrderBy(row => row.Stream).Select(row => row.Next).ToListAsync())).Should().Equal(6, 9);
    }

    private static Task Nothing() => Task.CompletedTask;

    private static Task<StreamState> StateAsync(ShopHost shop, string stream = Stream, int memory = Memory) => StoreTests.StoreOf(shop).Streams.TakeAsync("shop", stream, memory, Week, default);

    private static StreamPosition New(StreamState state, string stream = Stream, int memory = Memory) => new("shop", stream, state, memory);

    private static async Task<StreamPosition> TakeAsync(ShopHost shop, string stream = Stream, int memory = Memory) => New(await StateAsync(shop, stream, memory), stream, memory);

    private static Delivery At(StreamPosition position, long offset, string? key = "key", Guid? id = null)
        => new(Envelope(key, id ?? Guid.CreateVersion7())) { Place = position.PlaceOf(offset) };

    private static MessageEnvelope Envelope(string? key, Guid id) => new()
    {
        Id = id,
        Type = "some.type",
        Source = "/test",
        Time = DateTimeOffset.UnixEpoch,
        ContentType = "application/json",
        ConversationId = id,
        Key = key,
        Body = ReadOnlyMemory<byte>.Empty,
    };

    private static Task<IReadOnlyList<HandlingOutcome>> HandleAsync(ShopHost shop, params Delivery[] messages) => HandleAsync(shop, messages, Nothing);

    private static Task<IReadOnlyList<HandlingOutcome>> HandleAsync(ShopHost shop, Delivery[] messages, Func<Task> inside)
        => StoreTests.StoreOf(shop).Inbox.HandleAsync("shop", messages, async (scope, _, index, _) =>
        {
            scope.GetRequiredService<ShopDb>().Effects.Add(new Effect { Handler = "shop", MessageId = messages[index].Envelope.Id, Key = messages[index].Envelope.Key });
            await inside();
        }, default);

    private static Task<ParkingOutcome> ParkAsync(ShopHost shop, Delivery message) => StoreTests.StoreOf(shop).Parking.ParkAsync(
        new ParkedMessage
        {
            Endpoint = "shop", MessageId = message.Envelope.Id, Type = "some.type", Key = message.Envelope.Key, Headers = "{}", Body = message.Envelope.Body, Attempts = 1, Place = message.Place,
        }, TimeSpan.FromHours(1), 1000, default);

    private static async Task<bool> BuryAsync(ShopHost shop, Delivery message)
    {
        var letter = new DeadLetter
        {
            Endpoint = "shop", MessageId = message.Envelope.Id, Type = "some.type", Key = message.Envelope.Key, Headers = "{}", Body = message.Envelope.Body, Reason = "why", Attempts = 1,
        };
        return (await StoreTests.StoreOf(shop).DeadLetters.AddAsync(new() { Letter = letter, Place = message.Place }, default)).IsStored;
    }

    private static Task<StreamRow> RowAsync(ShopHost shop) => shop.QueryAsync(db => db.Set<StreamRow>().SingleAsync(row => row.Endpoint == "shop" && row.Stream == Stream));

    private static Task<List<Guid>> ClaimsAsync(ShopHost shop) => shop.QueryAsync(db => db.Set<ClaimRow>().Select(row => row.MessageId).ToListAsync());

    private static async Task<IEnumerable<Guid>> EffectsAsync(ShopHost shop) => (await shop.EffectsAsync()).Select(effect => effect.MessageId);

    private sealed class AtItsSecondTransaction(Func<Task> what) : DbTransactionInterceptor
    {
        public int Count { get; set; }

        public override async ValueTask<DbTransaction> TransactionStartedAsync(
            DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
        {
            if (++Count == 2)
            {
                await what();
            }

            return result;
        }
    }
}
