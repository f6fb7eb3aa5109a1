using System.Text.Json;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore;
using static Messaging.Toolkit.EntityFrameworkCore.Tests.Stores.StoreTests;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;

/// <summary>Scheduled messages and recurring schedules, with the statements made for a database and with those for any.</summary>
public sealed class ScheduleStoreTests
{
    private static readonly DateTimeOffset Past = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<Statements> All => new(Enum.GetValues<Statements>());

    [Theory, MemberData(nameof(All))]
    public async Task What_is_due_moves_whole_and_in_the_order_in_which_it_is_due(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);
        var messages = Enumerable.Range(0, 450).Select(i => At(Past.AddHours(i * 7 % 10))).ToList();
        await ScheduleAsync(shop, [.. messages]);

        var round = await StoreOf(shop).Schedule.MoveDueAsync(1000, default);

        round.Should().Be(new ScheduleRound(450, null));
        var due = messages.OrderBy(message => message.Schedule!.At).ToList();
        var records = await StoreOf(shop).Outbox.ReadAsync(new OutboxQuery([new("shop", 1000, [], [])], [.. Enumerable.Range(0, 64)]), default);
        records.Select(record => record.MessageId).Should().Equal(due.Select(message => message.Envelope.Id), "those due at one time keep their order");
        records.Select(record => Convert.ToBase64String(record.Body)).Should().Equal(due.Select(message => Convert.ToBase64String(message.Envelope.Body.Span)));
        records.Should().OnlyContain(record => record.Bucket == 7 && record.Key == "k" && record.Type == "shop.order-placed");
        records[0].ToEnvelope().Headers.Should().BeEquivalentTo(due[0].Envelope.Headers);
        (await RowsAsync(shop)).Should().BeEmpty();
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_round_moves_as_many_as_it_may_and_then_says_when_the_next_is_due(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);
        var schedule = StoreOf(shop).Schedule;
        (await schedule.MoveDueAsync(2, default)).Should().Be(new ScheduleRound(0, null));

        var messages = new[] { At(Past.AddHours(3)), At(Past.AddHours(1)), After(TimeSpan.FromHours(2)), At(Past.AddHours(2)), After(TimeSpan.FromHours(1)) };
        await ScheduleAsync(shop, messages);

        (await schedule.MoveDueAsync(2, default)).Should().Be(new ScheduleRound(2, null), "there may be more");
        var last = await schedule.MoveDueAsync(2, default);
        last.Moved.Should().Be(1);
        last.NextIn!.Value.Should().BeCloseTo(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));
        (await schedule.MoveDueAsync(2, default)).Moved.Should().Be(0);
        (await shop.OutboxAsync()).Select(row => row.MessageId).Should().Equal(new[] { 1, 3, 0 }.Select(index => messages[index].Envelope.Id));
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_delay_is_counted_by_the_stores_clock(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);

        await ScheduleAsync(shop, After(TimeSpan.FromDays(40) + TimeSpan.FromMilliseconds(1.5)), After(Schedule.MaxDelay));

        var rows = await RowsAsync(shop);
        rows.Select(row => row.DueAt - row.CreatedAt).Should().SatisfyRespectively(
            first => first.Should().BeCloseTo(TimeSpan.FromDays(40), TimeSpan.FromSeconds(1)),
            second => second.Should().BeCloseTo(Schedule.MaxDelay, TimeSpan.FromSeconds(1)));
    }

    [Theory, MemberData(nameof(All))]
    public async Task The_ends_of_time_are_times(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);
        var (first, last) = (At(DateTimeOffset.MinValue), At(Schedule.MaxTime));
        await ScheduleAsync(shop, last, first);

        var round = await StoreOf(shop).Schedule.MoveDueAsync(10, default);

        round.Moved.Should().Be(1);
        round.NextIn.Should().BeGreaterThan(TimeSpan.FromDays(365_000));
        (await shop.OutboxAsync()).Should().ContainSingle().Which.MessageId.Should().Be(first.Envelope.Id);
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_cancellation_takes_all_of_its_name_and_no_others(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);
        await ScheduleAsync(shop, At(Past, "one"), At(Past, "two"), At(Past, "one"), At(Past, null), After(TimeSpan.FromDays(1), "one"));

        (await StoreOf(shop).Schedule.CancelNowAsync("one", default)).Should().Be(3);
        (await StoreOf(shop).Schedule.CancelNowAsync("one", default)).Should().Be(0);
        (await StoreOf(shop).Schedule.CancelNowAsync("on_", default)).Should().Be(0, "it is no pattern");

        (await RowsAsync(shop)).Select(row => row.ScheduleId).Should().BeEquivalentTo("two", null);
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_several_move_at_once_is_moved_once(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);
        await using var other = await CreateAsync(database, statements);
        var messages = Enumerable.Range(0, 300).Select(i => At(Past.AddSeconds(i))).ToArray();
        await ScheduleAsync(shop, messages);

        await Task.WhenAll(new[] { shop, other, shop, other }.Select(async host =>
        {
            while ((await StoreOf(host).Schedule.MoveDueAsync(7, default)) is not { Moved: 0, NextIn: null })
            {
            }
        }));

        (await shop.OutboxAsync()).Select(row => row.MessageId).Should().Equal(messages.Select(message => message.Envelope.Id), "each once, and in the order in which they are due");
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_is_cancelled_while_it_is_moved_is_one_or_the_other(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);
        await ScheduleAsync(shop, [.. Enumerable.Range(0, 60).Select(i => At(Past.AddSeconds(i), $"name {i}"))]);
        var schedule = StoreOf(shop).Schedule;

        var cancelling = Task.WhenAll(Enumerable.Range(0, 60).Select(i => 59 - i).Chunk(15).Select(async chunk =>
        {
            var cancelled = new List<string>();
            foreach (var i in chunk)
            {
                if (await schedule.CancelNowAsync($"name {i}", default) == 1)
                {
                    cancelled.Add($"name {i}");
                }
            }

            return cancelled;
        }));
        while ((await schedule.MoveDueAsync(3, default)) is not { Moved: 0, NextIn: null })
        {
        }

        var cancelled = (await cancelling).Sum(names => names.Count);
        ((await shop.OutboxAsync()).Count + cancelled).Should().Be(60, "a message has left, or its cancellation says that it has not");
    }

    [Fact]
    public async Task A_cancellation_that_is_not_committed_keeps_its_message_back_and_no_other()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database, Statements.PostgreSql);
        var messages = new[] { At(Past, "kept"), At(Past.AddSeconds(1), "other"), At(Past.AddSeconds(2), "gone") };
        await ScheduleAsync(shop, messages);
        var schedule = StoreOf(shop).Schedule;

        await shop.InScopeAsync(async (db, bus) =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            bus.Cancel("kept");
            bus.Cancel("gone");
            await db.SaveChangesAsync();

            var round = await schedule.MoveDueAsync(10, default);
            round.Moved.Should().Be(1);
            round.NextIn.Should().BeLessThan(TimeSpan.Zero, "it is due and under way");
            (await shop.OutboxAsync()).Select(row => row.MessageId).Should().Equal(messages[1].Envelope.Id);

            await transaction.RollbackAsync();
        });

        await schedule.CancelNowAsync("gone", default);
        (await schedule.MoveDueAsync(10, default)).Should().Be(new ScheduleRound(1, null));
        (await shop.OutboxAsync()).Select(row => row.MessageId).Should().Equal(messages[1].Envelope.Id, messages[0].Envelope.Id);
    }

    [Fact]
    public async Task A_million_messages_that_are_not_due_are_not_looked_at()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await CreateAsync(database, Statements.PostgreSql);
        await shop.InScopeAsync((db, _) => db.Database.ExecuteSqlRawAsync(
            """
            INSERT INTO messaging_schedule (schedule_id, due_at, message_id, destination, bucket, type, headers, body, created_at)
            SELECT 'name ' || n, now() + n * interval '1 minute', gen_random_uuid(), 'shop', 1, 'shop.order-placed', '{{}}', '', now() FROM generate_series(1, 100000) AS n;
            ANALYZE messaging_schedule
            """));
        await ScheduleAsync(shop, At(Past, "due"));

        (await BuffersAsync("SELECT due_at, clock_timestamp() FROM messaging_schedule ORDER BY due_at, id LIMIT 1 OFFSET 0")).Should().BeLessThan(20);
        (await BuffersAsync("DELETE FROM messaging_schedule WHERE schedule_id = ANY(ARRAY['name 4711'])")).Should().BeLessThan(60);
        await shop.InScopeAsync(async (db, _) =>
        {
            var dialect = (PostgreSqlScheduleSql)ShopStore(shop).Dialect(db).Schedule;
            await using var command = dialect.MoveDue(db, 200);
            (await BuffersAsync(command.CommandText.Replace("@table", "'t'", StringComparison.Ordinal))).Should().BeLessThan(100);
        });

        Task<int> BuffersAsync(string sql) => shop.QueryAsync(async db =>
        {
            await using var command = db.CreateCommand($"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}");
            await db.Database.OpenConnectionAsync();
            using var json = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);
            var root = json.RootElement[0].GetProperty("Plan");
            return root.GetProperty("Shared Hit Blocks").GetInt32() + root.GetProperty("Shared Read Blocks").GetInt32();
        });
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_tick_fires_once_whoever_tries_and_no_earlier_one_after_it(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);
        await using var other = await CreateAsync(database, statements);
        var schedule = StoreOf(shop).Schedule;
        var begin = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await schedule.BeginRecurringAsync(new("nightly", "0 3 * * * UTC", begin), null, default);
        await schedule.BeginRecurringAsync(new("nightly", "0 4 * * * UTC", begin.AddHours(9)), null, default);

        var reading = await StoreOf(other).Schedule.ReadRecurringAsync(["nightly", "unknown"], default);
        reading.Records.Should().ContainSingle().Which.Should().Be(new RecurringRecord("nightly", "0 3 * * * UTC", begin), "whoever comes first begins it");
        reading.Now.Should().BeCloseTo(DateTime.UtcNow, TimeSpan.FromMinutes(1)).And.BeIn(DateTimeKind.Utc);

        var tick = new RecurringRecord("nightly", "0 3 * * * UTC", begin.AddHours(3));
        var fired = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => StoreOf(i % 2 == 0 ? shop : other).Schedule.FireAsync(tick, [New()], default)));
        var message = New();

        fired.Where(hasFired => hasFired).Should().ContainSingle();
        (await schedule.FireAsync(tick with { LastTick = begin.AddHours(2) }, [New()], default)).Should().BeFalse();
        (await schedule.FireAsync(tick with { LastTick = begin.AddHours(27) }, [message], default)).Should().BeTrue();
        (await schedule.FireAsync(tick with { Name = "unknown" }, [New()], default)).Should().BeFalse();
        (await shop.OutboxAsync()).Should().HaveCount(2).And.Contain(row => row.MessageId == message.Envelope.Id);
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_changed_expression_takes_the_place_of_the_one_that_was_read_and_never_goes_back_in_time(Statements statements)
    {
        await using var database = await DatabaseOfAsync(statements);
        await using var shop = await CreateAsync(database, statements);
        var schedule = StoreOf(shop).Schedule;
        var begin = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await schedule.BeginRecurringAsync(new("nightly", "old", begin), null, default);

        await schedule.BeginRecurringAsync(new("nightly", "other", begin.AddHours(1)), "another", default);
        (await ReadAsync()).Should().Be(new RecurringRecord("nightly", "old", begin));
        await schedule.BeginRecurringAsync(new("nightly", "new", begin.AddHours(1)), "old", default);
        (await ReadAsync()).Should().Be(new RecurringRecord("nightly", "new", begin.AddHours(1)));
        await schedule.BeginRecurringAsync(new("nightly", "newest", begin), "new", default);
        (await ReadAsync()).LastTick.Should().Be(begin.AddHours(1));

        async Task<RecurringRecord> ReadAsync() => (await schedule.ReadRecurringAsync(["nightly"], default)).Records.Single();
    }

    private static Task ScheduleAsync(ShopHost shop, params OutgoingMessage[] messages) => StoreOf(shop).Outbox.AppendAsync(messages, default);

    private static Task<List<ScheduleRow>> RowsAsync(ShopHost shop) => shop.QueryAsync(db => db.Set<ScheduleRow>().AsNoTracking().OrderBy(row => row.Id).ToListAsync());

    private static EfMessageStore<ShopDb> ShopStore(ShopHost shop) => (EfMessageStore<ShopDb>)StoreOf(shop);

    private static OutgoingMessage New() => new(NewEnvelope("k"), "shop", 7);

    private static OutgoingMessage At(DateTimeOffset time, string? name = "name") => New() with { Schedule = new Schedule(null, time, name) };

    private static OutgoingMessage After(TimeSpan delay, string? name = "name") => New() with { Schedule = new Schedule(delay, null, name) };
}
