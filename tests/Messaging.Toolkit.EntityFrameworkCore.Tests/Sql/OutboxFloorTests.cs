using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sql;

/// <summary>Reading begins behind deleted rows, and never behind one that is there or may still be seen.</summary>
public sealed class OutboxFloorTests
{
    private static readonly string[] HiddenLocks = ["SELECT * FROM pg_catalog.pg_locks WHERE false", "SELECT * FROM pg_catalog.pg_locks WHERE pid / 0 = 1", "SELECT 1 AS granted"];

    public static TheoryData<string> LocksThatCannotBeRead => new(HiddenLocks);

    [Fact]
    public async Task It_is_the_first_row_there_is()
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        var first = await bench.InsertAsync();
        await bench.InsertAsync();

        (await bench.RaisedFloorAsync()).Should().Be(first);
        (await bench.ReadRaisedAsync()).Should().Equal(first, first + 1);
    }

    [Fact]
    public async Task It_is_behind_all_that_was_drawn_when_the_outbox_is_empty()
    {
        await using var bench = await FloorBench.CreateAsync();
        var last = await bench.LeaveDeadRowsAsync();

        (await bench.RaisedFloorAsync()).Should().Be(last + 1);
        (await bench.ReadRaisedAsync()).Should().BeEmpty();
        var next = await bench.InsertAsync();
        (await bench.ReadAsync()).Should().Equal(next);
    }

    [Fact]
    public async Task Nothing_that_was_drawn_leaves_it_off()
    {
        await using var bench = await FloorBench.CreateAsync();

        (await bench.RaisedFloorAsync()).Should().BeNull();
        var first = await bench.InsertAsync();
        (await bench.RaisedFloorAsync()).Should().Be(first);
    }

    [Fact]
    public async Task A_writer_that_is_open_stops_it_and_its_row_is_read_before_later_ones_of_its_key()
    {
        await using var bench = await FloorBench.CreateAsync();
        var dead = await bench.LeaveDeadRowsAsync();
        (await bench.RaisedFloorAsync()).Should().Be(dead + 1);
        await using var writer = await bench.BeginAsync("SELECT 1");
        var early = await bench.InsertAsync(writer);
        var other = await bench.InsertAsync("another");

        (await bench.RaisedFloorAsync()).Should().Be(early);
        (await bench.ReadRaisedAsync()).Should().Equal(other);
        await FloorBench.ExecuteAsync(writer, "COMMIT");
        var late = await bench.InsertAsync();

        (await bench.ReadAsync()).Should().Equal(early, other, late);
        (await bench.ReadRaisedAsync()).Should().Equal(early, other, late);
        (await bench.RaisedFloorAsync()).Should().Be(early);
    }

    [Fact]
    public async Task A_writer_that_was_there_before_the_first_look_stops_it()
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        await using var writer = await bench.BeginAsync("SELECT 1");
        var early = await bench.InsertAsync(writer);
        var other = await bench.InsertAsync("another");

        (await bench.RaisedFloorAsync()).Should().BeNull();
        (await bench.ReadRaisedAsync()).Should().Equal(other);
        await FloorBench.ExecuteAsync(writer, "COMMIT");

        (await bench.ReadAsync()).Should().Equal(early, other);
        (await bench.RaisedFloorAsync()).Should().Be(early);
    }

    [Fact]
    public async Task Writers_that_take_turns_do_not_stop_it_for_ever()
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        await using var one = await bench.BeginAsync("SELECT 1");
        var first = await bench.InsertAsync(one);
        (await bench.RaisedFloorAsync()).Should().BeNull();
        await using var other = await bench.BeginAsync("SELECT 1");
        await bench.InsertAsync(other);
        await FloorBench.ExecuteAsync(one, "COMMIT");

        (await bench.RaisedFloorAsync()).Should().Be(first);
    }

    [Fact]
    public async Task A_writer_that_is_rolled_back_stops_it_no_longer()
    {
        await using var bench = await FloorBench.CreateAsync();
        await using var writer = await bench.BeginAsync("SELECT 1");
        await bench.InsertAsync(writer);
        var other = await bench.InsertAsync("another");
        (await bench.RaisedFloorAsync()).Should().BeNull();

        await FloorBench.ExecuteAsync(writer, "ROLLBACK");

        (await bench.RaisedFloorAsync()).Should().Be(other);
    }

    [Theory]
    [InlineData("SELECT pg_current_xact_id()")]
    [InlineData("SELECT count(*) FROM messaging_outbox")]
    [InlineData("INSERT INTO messaging_claim VALUES ('shop', gen_random_uuid(), now())")]
    [InlineData("SELECT * FROM messaging_outbox FOR UPDATE")]
    public async Task A_transaction_that_has_not_written_to_the_outbox_does_not_stop_it(string sql)
    {
        await using var bench = await FloorBench.CreateAsync();
        await using var old = await bench.BeginAsync(sql);
        var last = await bench.LeaveDeadRowsAsync();

        (await bench.RaisedFloorAsync()).Should().Be(last + 1);
    }

    [Fact]
    public void A_prepared_writer_may_be_any_that_was_seen_before()
    {
        var before = new OutboxLook(1, "mark", 5, new HashSet<string> { "3/7" }, false);

        before.HasEndedBy(before with { Writers = new HashSet<string> { "4/1" } }).Should().BeTrue();
        before.HasEndedBy(before with { Writers = new HashSet<string> { "4/1", "3/7" } }).Should().BeFalse();
        before.HasEndedBy(before with { Writers = new HashSet<string> { "-1/1234" }, HasPrepared = true }).Should().BeFalse();
    }

    [Fact]
    public async Task Ids_that_are_set_back_are_found_when_all_is_read_again()
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        await bench.ReadRaisedAsync();
        await bench.ExecuteAsync($"SELECT setval(pg_get_serial_sequence('{bench.Names.Table}', 'id'), 1, false)");
        var again = await bench.InsertAsync();

        (await bench.ReadAsync()).Should().BeEmpty("the floor is above it");
        bench.Clock.Advance(OutboxFloor.Lifetime);

        (await bench.ReadAsync()).Should().Equal(again);
        (await bench.ReadRaisedAsync()).Should().Equal(again);
    }

    [Theory]
    [InlineData("ALTER TABLE messaging_outbox ALTER COLUMN id RESTART")]
    [InlineData("TRUNCATE messaging_outbox RESTART IDENTITY")]
    public async Task Ids_that_begin_anew_are_found_at_once(string sql)
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        await bench.ReadRaisedAsync();
        await bench.ExecuteAsync(sql);

        var again = await bench.InsertAsync();

        again.Should().Be(1);
        (await bench.ReadAsync()).Should().Equal(again);
        (await bench.ReadRaisedAsync()).Should().Equal(again);
    }

    [Fact]
    public async Task What_was_found_is_forgotten_after_a_failed_read()
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        (await bench.RaisedFloorAsync()).Should().NotBeNull();
        await using var db = bench.NewContext();

        var read = () => bench.Floor.ReadAsync<int>(db, _ => throw new TimeoutException(), default);

        await read.Should().ThrowAsync<TimeoutException>();
        (await bench.FloorAsync()).Should().BeNull();
        (await bench.RaisedFloorAsync()).Should().NotBeNull();
    }

    [Fact]
    public async Task A_floor_that_is_found_while_another_read_fails_does_not_count()
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        await bench.FloorAsync();
        bench.Clock.Advance(OutboxFloor.Interval);
        await bench.FloorAsync();
        bench.Clock.Advance(OutboxFloor.Interval);
        await using var locker = await bench.BeginAsync($"LOCK TABLE {bench.Names.Table}");
        var raising = bench.FloorAsync();
        await bench.SomebodyWaitsForAsync(locker);
        await using var db = bench.NewContext();

        var read = () => bench.Floor.ReadAsync<int>(db, _ => throw new TimeoutException(), default);

        await read.Should().ThrowAsync<TimeoutException>();
        await FloorBench.ExecuteAsync(locker, "COMMIT");
        (await raising).Should().BeNull();
    }

    [Fact]
    public async Task Who_reads_while_another_raises_it_does_not_wait()
    {
        await using var bench = await FloorBench.CreateAsync();
        var last = await bench.LeaveDeadRowsAsync();
        (await bench.RaisedFloorAsync()).Should().Be(last + 1);
        bench.Clock.Advance(OutboxFloor.Interval);
        await using var locker = await bench.BeginAsync($"LOCK TABLE {bench.Names.Table}");

        var raising = bench.FloorAsync();
        await bench.SomebodyWaitsForAsync(locker);
        bench.Clock.Advance(OutboxFloor.Interval);

        (await bench.FloorAsync().WaitAsync(ShopHost.Patience)).Should().Be(last + 1);
        raising.IsCompleted.Should().BeFalse();
        await FloorBench.ExecuteAsync(locker, "COMMIT");
        (await raising).Should().Be(last + 1);
    }

    [Fact]
    public async Task Any_name_of_the_table_and_of_its_schema_will_do()
    {
        await using var bench = await FloorBench.CreateAsync(options => new OddDb(options));
        var last = await bench.LeaveDeadRowsAsync();

        (await bench.RaisedFloorAsync()).Should().Be(last + 1);
        (await bench.ReadRaisedAsync()).Should().BeEmpty();
        var next = await bench.InsertAsync();
        (await bench.ReadAsync()).Should().Equal(next);
        await bench.DeleteAsync(next);
        (await bench.ReadAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("CACHE 2", "CACHE 1")]
    [InlineData("CYCLE", "NO CYCLE")]
    [InlineData("INCREMENT -1 MINVALUE -1000 RESTART 1000", "INCREMENT 1 RESTART 2000")]
    public async Task A_sequence_that_does_not_draw_one_after_the_other_keeps_it_off_for_good(string options, string again)
    {
        await using var bench = await FloorBench.CreateAsync();
        var sequence = $"ALTER SEQUENCE {bench.Names.Table}_id_seq ";
        await bench.ExecuteAsync(sequence + options);
        await bench.LeaveDeadRowsAsync();

        (await bench.RaisedFloorAsync()).Should().BeNull();
        await bench.ExecuteAsync(sequence + again);
        await bench.LeaveDeadRowsAsync();
        (await bench.RaisedFloorAsync()).Should().BeNull();
    }

    [Fact]
    public async Task An_id_that_is_not_drawn_by_its_column_keeps_it_off()
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        await bench.ExecuteAsync($"ALTER TABLE {bench.Names.Table} ALTER COLUMN id DROP IDENTITY");

        (await bench.RaisedFloorAsync()).Should().BeNull();
    }

    [Theory, MemberData(nameof(LocksThatCannotBeRead))]
    public async Task A_server_that_does_not_show_its_locks_keeps_it_off_for_good_and_is_read_as_ever(string view)
    {
        await using var bench = await FloorBench.CreateAsync(settings: ";Search Path=\"public,pg_catalog\"");
        await bench.ExecuteAsync($"CREATE VIEW public.pg_locks AS {view}");
        await bench.LeaveDeadRowsAsync();
        var row = await bench.InsertAsync();

        (await bench.RaisedFloorAsync()).Should().BeNull();
        (await bench.ReadRaisedAsync()).Should().Equal(row);
        await bench.ExecuteAsync("DROP VIEW public.pg_locks");
        (await bench.RaisedFloorAsync()).Should().BeNull();
    }

    [Fact]
    public async Task A_failure_that_passes_fails_the_read_and_does_not_turn_it_off()
    {
        await using var bench = await FloorBench.CreateAsync();
        var last = await bench.LeaveDeadRowsAsync();
        await bench.FloorAsync();
        bench.Clock.Advance(OutboxFloor.Interval);
        await using var db = bench.NewContext();
        await db.Database.OpenConnectionAsync();
        await bench.ExecuteAsync($"SELECT pg_terminate_backend({((NpgsqlConnection)db.Database.GetDbConnection()).ProcessID}, 10000)");

        var read = () => bench.Floor.ReadAsync(db, _ => Task.FromResult(1), default);

        await read.Should().ThrowAsync<NpgsqlException>();
        (await bench.RaisedFloorAsync()).Should().Be(last + 1);
    }

    [Fact]
    public async Task A_quick_read_asks_nothing()
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        await using var db = bench.NewContext();
        var floor = new OutboxFloor(bench.Sql, new TableNames(db), bench.Clock, OutboxFloor.Slow);

        for (var reads = 0; reads < 5; reads++)
        {
            // Asking would fail: the connection is not open.
            (await floor.ReadAsync(db, Task.FromResult, default)).Should().BeNull();
            bench.Clock.Advance(OutboxFloor.Interval);
        }

        bench.Sql.ReadMessages(db, new([new("shop", 100, [], [])], [7])).CommandText.Should().NotContain("floor").And.NotContain("mark");
    }

    [Fact]
    public async Task It_is_given_up_when_reading_from_the_front_is_quick_again()
    {
        await using var bench = await FloorBench.CreateAsync();
        await bench.LeaveDeadRowsAsync();
        await using var db = bench.NewContext();
        await db.Database.OpenConnectionAsync();
        var floor = new OutboxFloor(bench.Sql, new TableNames(db), bench.Clock, OutboxFloor.Slow);
        await ReadAsync(OutboxFloor.Slow);
        await ReadAsync(OutboxFloor.Interval);
        (await ReadAsync(OutboxFloor.Interval)).Should().NotBeNull();

        bench.Clock.Advance(OutboxFloor.Lifetime);

        await db.Database.CloseConnectionAsync();
        for (var reads = 0; reads < 5; reads++)
        {
            (await ReadAsync(TimeSpan.Zero)).Should().BeNull();
            bench.Clock.Advance(OutboxFloor.Interval);
        }

        Task<OutboxStart?> ReadAsync(TimeSpan taken) => floor.ReadAsync(db, start =>
        {
            bench.Clock.Advance(taken);
            return Task.FromResult(start);
        }, default);
    }

    [Theory]
    [InlineData("COMMIT")]
    [InlineData("ROLLBACK")]
    public async Task A_delete_deletes_the_rows_it_names_and_no_other_whoever_deletes_them_meanwhile(string end)
    {
        await using var bench = await FloorBench.CreateAsync();
        var ids = new List<long>();
        for (var row = 0; row < 5; row++)
        {
            ids.Add(await bench.InsertAsync());
        }

        await using var other = await bench.BeginAsync($"DELETE FROM {bench.Names.Table} WHERE id IN ({ids[0]}, {ids[3]})");
        var deleting = bench.DeleteAsync(ids[3], ids[0], ids[1], 4711);
        await bench.SomebodyWaitsForAsync(other);
        await FloorBench.ExecuteAsync(other, end);
        await deleting;

        (await bench.ReadAsync()).Should().Equal(ids[2], ids[4]);
    }

    private sealed class OddDb(DbContextOptions options) : ShopDb(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.AddMessaging();
            var outbox = modelBuilder.Model.FindEntityType(typeof(OutboxRow))!;
            outbox.SetSchema("It's \"Mine\"");
            outbox.SetTableName("Out'box of \"All\"");
            outbox.FindProperty(nameof(OutboxRow.Id))!.SetColumnName("The \"Id'");
        }
    }
}
