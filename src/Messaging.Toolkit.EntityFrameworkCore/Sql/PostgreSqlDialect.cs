using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>PostgreSQL: arrays keep the texts of statements the same whatever the number of rows.</summary>
/// <param name="names">The tables' and columns'.</param>
/// <param name="time">Measures reads.</param>
/// <param name="slowRead">How long a read of the outbox takes before it is worth to look for its <see cref="OutboxFloor"/>; <see cref="OutboxFloor.Slow"/> if null.</param>
internal sealed class PostgreSqlDialect(TableNames names, TimeProvider time, TimeSpan? slowRead = null) : SqlDialect(names, time)
{
    private OutboxFloor? floor;

    /// <summary>
    /// What a restart, a failover, an administrator or a pooler does to a session: admin_shutdown, crash_shutdown,
    /// cannot_connect_now, idle_session_timeout, read_only_sql_transaction, idle_in_transaction_session_timeout, and
    /// protocol_violation, by which PgBouncer says that the server is gone.
    /// </summary>
    private static readonly string[] TransientStates = ["57P01", "57P02", "57P03", "57P05", "25006", "25P03", "08P01"];

    public override bool AbortsTransactionOnError => true;

    /// <summary>
    /// Where the transaction is dead, or is none any more because a handler has ended it or has gone on in another session, the first statement fails, and the second is not
    /// executed. COMMIT alone succeeds in both.
    /// </summary>
    public override DbCommand CommitIfAlive(DbContext context) => context.CreateCommand("SAVEPOINT messaging_commit; COMMIT");

    /// <summary>Statements that are sent together without a BEGIN are one transaction. More rows would only make its text longer than it is worth to be kept.</summary>
    public override int MaxAppended => 20;

    public override bool ReckonsWithNow => true;

    public override string NowExpression => "clock_timestamp()";

    public override SagaSql Sagas => field ??= new PostgreSqlSagaSql(this, Names);

    public override StreamSql Streams => field ??= new PostgreSqlStreamSql(this, Names);

    public override LeaseSql Leases => field ??= new PostgreSqlLeaseSql(this, Names);

    public override ParkingSql Parking => field ??= new PostgreSqlParkingSql(this, Names);

    public override ScheduleSql Schedule => field ??= new PostgreSqlScheduleSql(this, Names);

    private OutboxFloor Floor => floor ?? Interlocked.CompareExchange(ref floor, new OutboxFloor(this, Names, Time, slowRead ?? OutboxFloor.Slow), null) ?? floor;

    /// <summary>
    /// Found one by one in the order of their ids, so that only the index of the primary key can be used, and deleted by where they are. A queue that was empty when statistics were
    /// taken seems to have one row, whatever it has: then the index by destination, read from end to end and filtered, looks as good. A place is one in each part of a
    /// partitioned table, so the ids are compared, too, in a form that no index is for. The transaction is the command's own: only a
    /// store calls it, on a connection that nobody else has, and never in somebody's transaction, which its COMMIT would end.
    /// </summary>
    public override DbCommand DeleteMessages(DbContext context, IReadOnlyList<long> ids)
    {
        var outbox = Names.Outbox;
        return context.CreateCommand(
            $"""
             BEGIN; SET LOCAL enable_sort = off;
             DELETE FROM {outbox.Table} WHERE ctid = ANY(ARRAY(SELECT r.ctid FROM unnest(@ids) AS d(id) CROSS JOIN LATERAL (
               SELECT o.ctid FROM {outbox.Table} AS o WHERE o.{outbox.Id} >= d.id AND o.{outbox.Id} <= d.id ORDER BY o.{outbox.Id} LIMIT 1) AS r)) AND {outbox.Id} + 0 = ANY(@ids);
             COMMIT
             """).With("@ids", ids.ToArray());
    }

    /// <summary>
    /// How long a claim waits for somebody else's of the same message, and a saga for whoever has locked its row. Whoever that
    /// is may be frozen, or gone without a word: the wait must end, so that the message can step aside (it is the store's failure,
    /// and tried again) and the worker goes on with others.
    /// </summary>
    private const int LockTimeoutMilliseconds = 2000;

    /// <summary>Bounds how long statements wait for a lock; those that follow them in their transaction wait as before.</summary>
    public static string LimitWait(string statements, int milliseconds = LockTimeoutMilliseconds) => $"SET LOCAL lock_timeout = {milliseconds}; {statements}; SET LOCAL lock_timeout TO DEFAULT";

    public override string AnyOf<T>(DbCommand command, string column, string name, IReadOnlyCollection<T> values)
    {
        command.With(name, values.ToArray());
        return $"{column} = ANY({name})";
    }

    public override DbCommand IndexNames(DbContext context, string table, string? schema)
        => context.CreateCommand("SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass(@table)").With("@table", Quote(table, schema));

    public override DbCommand BackendProcess(DbContext context) => context.CreateCommand("SELECT pg_backend_pid()");

    /// <summary>This package has no reference to the provider.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "UseEntityFrameworkCore says that it is not for trimming.")]
    public override int? ConnectedProcess(DbConnection connection) => connection.GetType().GetProperty("ProcessID")?.GetValue(connection) as int?;

    /// <summary>Without a role like pg_read_all_stats a user sees only its own sessions' times: those of the application, most likely.</summary>
    public override DbCommand OldestTransactionSeconds(DbContext context)
        => context.CreateCommand("SELECT EXTRACT(EPOCH FROM clock_timestamp() - MIN(xact_start)) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()");

    public override async Task<HashSet<Guid>> ClaimAsync(DbContext context, string endpoint, IReadOnlyList<MessageEnvelope> messages, CancellationToken cancellationToken)
    {
        // In the order of the ids, so that two processes with the same messages wait for each other and do not deadlock.
        var claim = Names.Claim;
        await using var command = context.CreateCommand(LimitWait(
            $"INSERT INTO {claim.Table} ({claim.Endpoint}, {claim.MessageId}, {claim.ClaimedAt}) " +
            $"SELECT @e, m.id, {NowExpression} FROM unnest(@ids, @keys) AS m(id, key) WHERE {Parking.IsFree("@e", "m.key")} ORDER BY m.id ON CONFLICT DO NOTHING RETURNING {claim.MessageId}"))
            .With("@e", endpoint).With("@ids", messages.Select(message => message.Id).ToArray()).With("@keys", messages.Select(message => message.Key).ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var claimed = new HashSet<Guid>();
        while (await reader.ReadAsync(cancellationToken))
        {
            claimed.Add(reader.GetGuid(0));
        }

        return claimed;
    }

    /// <summary>None: without names Npgsql has nothing to look for in the text and need not rewrite it, command after command.</summary>
    protected override string ParameterName(int index) => "";

    protected override string Placeholder(int index) => $"${index + 1}";

    public override string Limit(int count, int offset = 0) => $"LIMIT {count} OFFSET {offset}";

    public override string InsertIfAbsent(string table, string[] columns, string[] values, int keys, string? condition = null)
        => InsertOrDoNothing(table, columns, values, condition);

    public override bool IsLockTimeout(DbException exception) => exception.SqlState == "55P03"; // lock_not_available

    protected override bool IsTransientCode(DbException exception) => exception.SqlState is { } state && TransientStates.Contains(state);

    /// <summary>
    /// One index scan per destination, whatever the planner believes of the table. A queue grows and shrinks faster than its
    /// statistics, and two plans that look good to stale ones read the whole backlog for each page: a scan by id that
    /// filters the destination, and a sort. The first is out because the order asked for is (destination, id) and a range
    /// of destinations, unlike an equality, does not make its first column redundant; the second because sorting is off.
    /// </summary>
    public override DbCommand ReadMessages(DbContext context, OutboxQuery query) => ReadMessages(context, query, start: null, andThen: "");

    public override Task<List<OutboxRecord>> ReadMessagesAsync(DbContext context, OutboxQuery query, IScheduleWatcher? watcher, CancellationToken cancellationToken)
        => Floor.ReadAsync(context, start => ReadAsync(query, ReadMessages(context, query, start, andThen: watcher is null ? "" : Schedule.First + ";"), watcher, cancellationToken), cancellationToken);

    private DbCommand ReadMessages(DbContext context, OutboxQuery query, OutboxStart? start, string andThen)
    {
        var outbox = Names.Outbox;
        var held = query.Destinations.SelectMany(room => room.HeldKeys, (room, key) => (room.Destination, Key: key)).ToList();
        var isNotHeld = held.Count == 0
            ? ""
            : $" AND (o.{outbox.Key} IS NULL OR NOT EXISTS (SELECT FROM unnest(@held_destinations, @held_keys) AS h(destination, key) WHERE h.destination = o.{outbox.Destination} AND h.key = o.{outbox.Key}))";
        var isAboveFloor = start is null ? "" : $" AND o.{outbox.Id} >= {OutboxStart.Expression}";
        var command = context.CreateCommand(
            $"""
             BEGIN; SET LOCAL enable_sort = off;
             SELECT {ReadColumns("r.")} FROM unnest(@destinations, @rooms) AS d(name, room) CROSS JOIN LATERAL (
               SELECT {ReadColumns("o.")} FROM {outbox.Table} AS o
               WHERE o.{outbox.Destination} >= d.name AND o.{outbox.Destination} <= d.name{isAboveFloor}
                 AND o.{outbox.Bucket} = ANY(@buckets) AND o.{outbox.Id} <> ALL(@excluded){isNotHeld}
               ORDER BY o.{outbox.Destination}, o.{outbox.Id} LIMIT d.room) AS r;
             {andThen}
             COMMIT
             """)
            .With("@destinations", query.Destinations.Select(room => room.Destination).ToArray())
            .With("@rooms", query.Destinations.Select(room => room.Room).ToArray())
            .With("@buckets", query.Buckets.ToArray())
            .With("@excluded", query.Destinations.SelectMany(room => room.Excluded).ToArray());
        if (start is not null)
        {
            command.With("@floor", start.Id).With("@mark", start.Mark).With("@sequence", start.Sequence);
        }

        return held.Count == 0
            ? command
            : command
                .With("@held_destinations", held.Select(key => key.Destination).ToArray())
                .With("@held_keys", held.Select(key => key.Key).ToArray());
    }
}
