using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sql;

/// <summary>An outbox on PostgreSQL, its floor with a clock that stands still, and transactions that write to it.</summary>
internal sealed class FloorBench : IAsyncDisposable
{
    private readonly DbContextOptions options;
    private readonly Func<DbContextOptions, ShopDb> create;
    private readonly TestDatabase database;

    private FloorBench(TestDatabase database, Func<DbContextOptions, ShopDb> create, string settings)
    {
        (this.database, this.create) = (database, create);
        options = new DbContextOptionsBuilder<ShopDb>().UseNpgsql(database.ConnectionString + settings).Options;
        using var db = NewContext();
        Names = new TableNames(db).Outbox;
        Sql = new PostgreSqlDialect(new TableNames(db), Clock, TimeSpan.Zero);
        Floor = new OutboxFloor(Sql, new TableNames(db), Clock, TimeSpan.Zero);
    }

    public StandingClock Clock { get; } = new();

    public TableNames.OutboxNames Names { get; }

    /// <summary>Takes every read for a slow one.</summary>
    public PostgreSqlDialect Sql { get; }

    /// <summary>Takes every read for a slow one. It is not the one of <see cref="Sql"/>.</summary>
    public OutboxFloor Floor { get; }

    public static async Task<FloorBench> CreateAsync(Func<DbContextOptions, ShopDb>? create = null, string settings = "")
    {
        var bench = new FloorBench(await TestDatabase.CreateAsync(DatabaseKind.PostgreSql), create ?? (options => new ShopDb(options)), settings);
        await using var db = bench.NewContext();
        await db.Database.EnsureCreatedAsync();
        return bench;
    }

    public ShopDb NewContext() => create(options);

    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await ExecuteAsync(connection, sql);
    }

    public static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Inserts a row in the connection's transaction, if it has one.</summary>
    public async Task<long> InsertAsync(NpgsqlConnection connection, string key = "k") => (long)(await ExecuteAsync(
        connection,
        $"INSERT INTO {Names.Table} ({Names.MessageId}, {Names.Destination}, {Names.Bucket}, {Names.Key}, {Names.Type}, {Names.Headers}, {Names.Body}, {Names.CreatedAt}) " +
        $"VALUES (gen_random_uuid(), 'shop', 7, '{key}', 'some.type', '{{}}', '', now()) RETURNING {Names.Id}"))!;

    public async Task<long> InsertAsync(string key = "k")
    {
        await using var connection = await OpenAsync();
        return await InsertAsync(connection, key);
    }

    /// <summary>Inserts rows and deletes them.</summary>
    public async Task<long> LeaveDeadRowsAsync()
    {
        await InsertAsync();
        var last = await InsertAsync();
        await ExecuteAsync($"DELETE FROM {Names.Table}");
        return last;
    }

    /// <summary>Begins a transaction that has executed the statement.</summary>
    public async Task<NpgsqlConnection> BeginAsync(string sql)
    {
        var connection = await OpenAsync();
        await ExecuteAsync(connection, $"BEGIN ISOLATION LEVEL REPEATABLE READ; {sql}");
        return connection;
    }

    /// <summary>Where a read begins now; null if it begins at the front.</summary>
    public async Task<long?> FloorAsync()
    {
        await using var db = NewContext();
        await db.Database.OpenConnectionAsync();
        return await Floor.ReadAsync(db, start => Task.FromResult(start?.Id), default);
    }

    /// <summary>Where a read begins after as many reads, each after the interval, as it takes to find all that can be found.</summary>
    public async Task<long?> RaisedFloorAsync()
    {
        for (var reads = 0; reads < 3; reads++)
        {
            await FloorAsync();
            Clock.Advance(OutboxFloor.Interval);
        }

        return await FloorAsync();
    }

    /// <summary>What a relay reads now.</summary>
    public async Task<List<long>> ReadAsync()
    {
        await using var db = NewContext();
        await db.Database.OpenConnectionAsync();
        return [.. (await Sql.ReadMessagesAsync(db, new([new("shop", 100, [], [])], [7]), watcher: null, default)).Select(record => record.Id)];
    }

    /// <summary>What it reads once the floor has been looked for.</summary>
    public async Task<List<long>> ReadRaisedAsync()
    {
        for (var reads = 0; reads < 3; reads++)
        {
            await ReadAsync();
            Clock.Advance(OutboxFloor.Interval);
        }

        return await ReadAsync();
    }

    public async Task DeleteAsync(params long[] ids)
    {
        await using var db = NewContext();
        await db.Database.OpenConnectionAsync();
        await using DbCommand command = Sql.DeleteMessages(db, ids);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until somebody waits for a lock that the connection holds.</summary>
    public async Task SomebodyWaitsForAsync(NpgsqlConnection holder)
    {
        await using var connection = await OpenAsync();
        using var patience = new CancellationTokenSource(ShopHost.Patience);
        while (await ExecuteAsync(connection, $"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {holder.ProcessID} = ANY(pg_blocking_pids(pid)))") is false)
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    internal sealed class StandingClock : TimeProvider
    {
        private long now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref now);

        public void Advance(TimeSpan time) => Interlocked.Add(ref now, time.Ticks);
    }
}
