using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>
/// The statements, in standard SQL that any relational database takes (the limit of a query is that of SQL:2008). Databases
/// that can do better, or are different, override what they need.
/// </summary>
internal class SqlDialect(TableNames names, TimeProvider time)
{
    /// <summary>Rows of one INSERT: below the smallest limit of parameters there is (2,100, on SQL Server).</summary>
    private const int MaxRowsPerInsert = 200;

    private const int ParametersPerMessage = 7;

    private static readonly string[] ParameterNames = [.. Enumerable.Range(0, MaxRowsPerInsert * ParametersPerMessage).Select(index => $"@p{index}")];

    /// <summary>In a command that has parameters of EF's, too.</summary>
    private static readonly string[] AppendedNames = [.. Enumerable.Range(0, MaxRowsPerInsert * ParametersPerMessage).Select(index => $"@messaging{index}")];

    private readonly ConcurrentDictionary<int, string> insertMessagesByRows = new();
    private readonly ConcurrentDictionary<int, string> appendedMessagesByRows = new();
    private JournalSql? journal;

    protected TableNames Names { get; } = names;

    protected TimeProvider Time { get; } = time;

    /// <summary>Whether only one transaction at a time can write, so that ours should queue in the process and not in the database.</summary>
    public virtual bool HasOneWriter => false;

    /// <summary>Whether a transaction is dead after a failed statement, although its commit reports success.</summary>
    public virtual bool AbortsTransactionOnError => false;

    /// <summary>
    /// A commit that fails if the transaction is dead or gone, in one round trip, for databases that would report success. Null if there is no such statement.
    /// </summary>
    public virtual DbCommand? CommitIfAlive(DbContext context) => null;

    /// <summary>The database's clock as an expression, or null if it has none of its own (it is embedded): then time is ours.</summary>
    public virtual string? NowExpression => "CURRENT_TIMESTAMP";

    /// <summary>Whether a statement can add any time to the clock: databases have ideas of their own of how long an interval may be, and how it is written.</summary>
    public virtual bool ReckonsWithNow => false;

    /// <summary>The statements that run instances.</summary>
    public virtual SagaSql Sagas => field ??= new SagaSql(this, Names);

    /// <summary>The statements of parked messages.</summary>
    public virtual ParkingSql Parking => field ??= new ParkingSql(this, Names);

    /// <summary>The statements of positions in streams.</summary>
    public virtual StreamSql Streams => field ??= new StreamSql(this, Names);

    /// <summary>The statements of leases.</summary>
    public virtual LeaseSql Leases => field ??= new LeaseSql(this, Names);

    /// <summary>The statements of dead letters.</summary>
    public DeadLetterSql DeadLetters => field ??= new DeadLetterSql(this, Names);

    /// <summary>The statements of scheduled messages.</summary>
    public virtual ScheduleSql Schedule => field ??= new ScheduleSql(this, Names);

    /// <summary>The statements of the journal. It has a state, so all have the same one.</summary>
    public JournalSql Journal => journal ?? Interlocked.CompareExchange(ref journal, new JournalSql(this, Names), null) ?? journal;

    /// <summary>The statements that look at instances.</summary>
    public SagaCatalogueSql SagaCatalogue => field ??= new SagaCatalogueSql(this, Names);

    /// <summary>The statement that counts what waits.</summary>
    public FiguresSql Figures => field ??= new FiguresSql(this, Names);

    public static SqlDialect For(DbContext context, TimeProvider time)
    {
        var names = new TableNames(context);
        return context.Database.ProviderName switch
        {
            "Npgsql.EntityFrameworkCore.PostgreSQL" => new PostgreSqlDialect(names, time),
            "Microsoft.EntityFrameworkCore.Sqlite" => new SqliteDialect(names, time),
            "Microsoft.EntityFrameworkCore.SqlServer" => new SqlServerDialect(names, time),
            _ => new SqlDialect(names, time),
        };
    }

    /// <summary>
    /// Whether the failure is the database's and may pass by itself. The provider's own word counts first. A time-out that
    /// is not inside a failure of the database is somebody else's: a handler's call of a service, say.
    /// </summary>
    public bool IsTransient(Exception exception)
    {
        var isDatabases = false;
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is RetryLimitExceededException)
            {
                return true;
            }

            if (cause is DbException failure)
            {
                isDatabases = true;
                if (failure.IsTransient || IsTransientCode(failure))
                {
                    return true;
                }
            }

            if (isDatabases && cause is TimeoutException)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The clock by which everything stored is timed, in UTC.</summary>
    public async Task<DateTime> ReadNowAsync(DbContext context, CancellationToken cancellationToken)
    {
        if (NowExpression is null)
        {
            return Time.GetUtcNow().UtcDateTime;
        }

        await using var command = context.CreateCommand($"SELECT {NowExpression}");
        return DbCommands.ToUtc(await command.ExecuteScalarAsync(cancellationToken));
    }

    /// <summary>The statements that write messages, and what the journal has to say of them, in their order. Usually it is one, or two with a journal.</summary>
    public IEnumerable<DbCommand> InsertMessages(DbContext context, DbTransaction? transaction, IReadOnlyList<OutgoingMessage> messages)
        => Journal.IsOpen && messages.Any(message => message.Entry is not null)
            ? Journal.Insert(context, transaction, messages.Select(message => message.Entry)).Concat(InsertUnrecorded(context, transaction, messages))
            : InsertUnrecorded(context, transaction, messages);

    /// <summary>As <see cref="InsertMessages"/>, without the journal.</summary>
    public IEnumerable<DbCommand> InsertUnrecorded(DbContext context, DbTransaction? transaction, IReadOnlyList<OutgoingMessage> messages)
    {
        for (var start = 0; start < messages.Count; start += MaxRowsPerInsert)
        {
            var rows = Math.Min(messages.Count - start, MaxRowsPerInsert);
            var command = context.CreateCommand(transaction, insertMessagesByRows.GetOrAdd(rows, count => InsertMessagesSql(count, Placeholder)));
            for (var row = 0; row < rows; row++)
            {
                AddParameters(command, messages[start + row], row, ParameterName);
            }

            yield return WithNow(command);
        }
    }

    /// <summary>How many messages can be written by the command of a save, in its round trip and as one with it; 0 if none can.</summary>
    public virtual int MaxAppended => 0;

    /// <summary>Has messages written by a command of somebody else's, after what that does.</summary>
    public void AppendMessages(DbCommand command, IReadOnlyList<OutgoingMessage> messages)
    {
        command.CommandText += appendedMessagesByRows.GetOrAdd(messages.Count, count => $";\n{InsertMessagesSql(count, index => AppendedNames[index])}");
        for (var row = 0; row < messages.Count; row++)
        {
            AddParameters(command, messages[row], row, static index => AppendedNames[index]);
        }
    }

    private static void AddParameters(DbCommand command, OutgoingMessage message, int row, Func<int, string> nameOf)
    {
        var (envelope, destination, bucket) = message;
        var first = row * ParametersPerMessage;
        command
            .With(nameOf(first), envelope.Id)
            .With(nameOf(first + 1), destination)
            .With(nameOf(first + 2), bucket)
            .With(nameOf(first + 3), envelope.Key)
            .With(nameOf(first + 4), envelope.Type)
            .With(nameOf(first + 5), EnvelopeHeaders.Write(envelope))
            .With(nameOf(first + 6), AsArray(envelope.Body));
    }

    /// <summary>Reads the first rows of each destination, in the order of their ids. Where it costs no round trip the watcher, if any, is told of the schedule.</summary>
    public virtual Task<List<OutboxRecord>> ReadMessagesAsync(DbContext context, OutboxQuery query, IScheduleWatcher? watcher, CancellationToken cancellationToken)
        => ReadAsync(query, ReadMessages(context, query), watcher: null, cancellationToken);

    /// <summary>Executes a command that reads messages, and the schedule after them if there is a watcher; and disposes of it.</summary>
    protected static async Task<List<OutboxRecord>> ReadAsync(OutboxQuery query, DbCommand readMessages, IScheduleWatcher? watcher, CancellationToken cancellationToken)
    {
        await using var command = readMessages;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var records = new List<OutboxRecord>();
        var bound = new PageBound(query);
        while (await reader.ReadAsync(cancellationToken))
        {
            var (id, destination) = (reader.GetInt64(0), reader.GetString(1));
            if (bound.Ends(destination, id))
            {
                continue;
            }

            records.Add(new OutboxRecord
            {
                Id = id,
                Destination = destination,
                Bucket = reader.GetInt32(2),
                MessageId = reader.GetGuid(3),
                Type = reader.GetString(4),
                Key = reader.GetStringOrNull(5),
                Headers = reader.GetString(6),
                Body = reader.GetFieldValue<byte[]>(7),
            });
            bound.Took(records[^1]);
        }

        if (watcher is not null && await reader.NextResultAsync(cancellationToken))
        {
            watcher.OnLooked(await reader.ReadAsync(cancellationToken) ? ScheduleSql.DueIn(reader) : null);
        }

        records.Sort(static (one, other) => one.Id.CompareTo(other.Id));
        return records;
    }

    public virtual DbCommand DeleteMessages(DbContext context, IReadOnlyList<long> ids)
        => context.CreateCommand($"DELETE FROM {Names.Outbox.Table} WHERE {Names.Outbox.Id} IN ({Literals(ids)})");

    public DbCommand ReadDestinations(DbContext context) => context.CreateCommand($"SELECT DISTINCT {Names.Outbox.Destination} FROM {Names.Outbox.Table}");

    /// <summary>
    /// Claims messages, and returns those that nobody had claimed before and that have none of their key parked before them. A concurrent
    /// claim is waited for.
    /// </summary>
    public virtual async Task<HashSet<Guid>> ClaimAsync(DbContext context, string endpoint, IReadOnlyList<MessageEnvelope> messages, CancellationToken cancellationToken)
    {
        var claimed = new HashSet<Guid>();
        foreach (var message in messages)
        {
            await using var command = Claim(context, endpoint, message.Id, message.Key);
            if (await command.ExecuteNonQueryAsync(cancellationToken) > 0)
            {
                claimed.Add(message.Id);
            }
        }

        return claimed;
    }

    /// <summary>Claims one message; affects no row if it is claimed already, or if something of the key is parked.</summary>
    public DbCommand Claim(DbContext context, string endpoint, Guid messageId, string? freeKey = null)
    {
        var sql = InsertIfAbsent(
            Names.Claim.Table, [Names.Claim.Endpoint, Names.Claim.MessageId, Names.Claim.ClaimedAt], ["@e", "@m", Now], keys: 2,
            freeKey is null ? null : Parking.IsFree("@e", "@k"));
        var command = WithNow(context.CreateCommand(sql).With("@e", endpoint).With("@m", messageId));
        return freeKey is null ? command : command.With("@k", freeKey);
    }

    public DbCommand CountClaims(DbContext context, string endpoint, Guid messageId)
        => context.CreateCommand($"SELECT COUNT(*) FROM {Names.Claim.Table} WHERE {Names.Claim.Endpoint} = @e AND {Names.Claim.MessageId} = @m")
            .With("@e", endpoint).With("@m", messageId);

    /// <summary>Any claim of an endpoint's.</summary>
    public DbCommand ReadAnyClaim(DbContext context, DbTransaction? transaction, string endpoint)
        => context.CreateCommand(transaction, $"SELECT {Names.Claim.MessageId} FROM {Names.Claim.Table} WHERE {Names.Claim.Endpoint} = @e ORDER BY {Names.Claim.MessageId} {Limit(1)}").With("@e", endpoint);

    /// <summary>Which of some messages are claimed.</summary>
    public async Task<HashSet<Guid>> ReadClaimedAsync(DbContext context, string endpoint, IReadOnlyCollection<Guid> messageIds, CancellationToken cancellationToken)
    {
        await using var command = context.CreateCommand("").With("@e", endpoint);
        command.CommandText = $"SELECT {Names.Claim.MessageId} FROM {Names.Claim.Table} WHERE {Names.Claim.Endpoint} = @e AND {AnyOf(command, Names.Claim.MessageId, "@m", messageIds)}";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var claimed = new HashSet<Guid>();
        while (await reader.ReadAsync(cancellationToken))
        {
            claimed.Add(reader.GetGuid(0));
        }

        return claimed;
    }

    /// <summary>The time of the n-th oldest claim: where a batch of n to delete ends.</summary>
    public DbCommand ReadNthClaim(DbContext context, DateTime before, int n)
        => context.CreateCommand(
                $"SELECT {Names.Claim.ClaimedAt} FROM {Names.Claim.Table} WHERE {Names.Claim.ClaimedAt} < @before " +
                $"ORDER BY {Names.Claim.ClaimedAt} {Limit(1, n - 1)}")
            .With("@before", before);

    public DbCommand DeleteClaims(DbContext context, DateTime until)
        => context.CreateCommand($"DELETE FROM {Names.Claim.Table} WHERE {Names.Claim.ClaimedAt} <= @until").With("@until", until);

    /// <summary>The condition that a column has one of the values; adds them to the command.</summary>
    public virtual string AnyOf<T>(DbCommand command, string column, string name, IReadOnlyCollection<T> values)
    {
        command.WithAll(name, values);
        return $"{column} IN ({DbCommands.Parameters(name, values.Count)})";
    }

    /// <summary>Has a time sent with all the digits that a column has, to be compared with one that was read.</summary>
    public virtual void BePrecise(DbParameter time) { }

    /// <summary>Whether somebody else's lock was waited for as long as it may be.</summary>
    public virtual bool IsLockTimeout(DbException exception) => false;

    /// <summary>Whether the user may not do what was asked.</summary>
    public virtual bool IsPermissionDenied(DbException exception) => exception.SqlState == "42501";

    /// <summary>A name as it stands in statements.</summary>
    public string Quote(string name, string? schema = null) => Names.Quote(name, schema);

    /// <summary>Reads the names of a table's indexes; null if it is not known how.</summary>
    public virtual DbCommand? IndexNames(DbContext context, string table, string? schema) => null;

    /// <summary>Reads which process of the database answers; null if there is no such thing.</summary>
    public virtual DbCommand? BackendProcess(DbContext context) => null;

    /// <summary>Which process of the database the provider was told of when it connected; null if it does not say.</summary>
    public virtual int? ConnectedProcess(DbConnection connection) => null;

    /// <summary>Reads how long the oldest transaction of others has been open, in seconds; null if it is not known how.</summary>
    public virtual DbCommand? OldestTransactionSeconds(DbContext context) => null;

    /// <summary>Reads when the message was written that waits in front.</summary>
    public DbCommand ReadOldest(DbContext context)
        => context.CreateCommand($"SELECT {Names.Outbox.CreatedAt} FROM {Names.Outbox.Table} ORDER BY {Names.Outbox.Id} {Limit(1)}");

    protected virtual bool IsTransientCode(DbException exception) => false;

    /// <summary>The name of the n-th parameter of a statement that numbers them.</summary>
    protected virtual string ParameterName(int index) => ParameterNames[index];

    /// <summary>How its text refers to it.</summary>
    protected virtual string Placeholder(int index) => ParameterName(index);

    public virtual string Limit(int count, int offset = 0) => $"OFFSET {offset} ROWS FETCH NEXT {count} ROWS ONLY";

    /// <summary>
    /// Inserts a row unless its key is there, and only if the condition holds. Two at once may both find nothing: the second fails on the
    /// key and is tried again by its caller, as after any failure. Databases that can avoid that override it.
    /// </summary>
    public virtual string InsertIfAbsent(string table, string[] columns, string[] values, int keys, string? condition = null)
    {
        var same = string.Join(" AND ", columns.Take(keys).Zip(values, (column, value) => $"{column} = {value}"));
        return $"INSERT INTO {table} ({string.Join(", ", columns)}) SELECT {string.Join(", ", values)} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {same}){(condition is null ? "" : $" AND {condition}")}";
    }

    /// <summary>As <see cref="InsertIfAbsent"/>, for databases that know <c>ON CONFLICT</c>.</summary>
    protected static string InsertOrDoNothing(string table, string[] columns, string[] values, string? condition)
        => $"INSERT INTO {table} ({string.Join(", ", columns)}) {(condition is null ? $"VALUES ({string.Join(", ", values)})" : $"SELECT {string.Join(", ", values)} WHERE {condition}")} ON CONFLICT DO NOTHING";

    public virtual DbCommand ReadMessages(DbContext context, OutboxQuery query)
    {
        var outbox = Names.Outbox;
        var command = context.CreateCommand("");
        var sql = new StringBuilder();
        for (var i = 0; i < query.Destinations.Count; i++)
        {
            var (destination, room, excluded, held) = query.Destinations[i];
            command.With($"@d{i}", destination);
            sql.Append(i == 0 ? "" : " UNION ALL ")
                .Append($"SELECT * FROM (SELECT {ReadColumns("")} FROM {outbox.Table} WHERE {outbox.Destination} = @d{i}");
            if (query.Buckets.Count < OutboxOptions.Buckets)
            {
                sql.Append($" AND {outbox.Bucket} IN ({Literals(query.Buckets)})");
            }

            if (excluded.Count > 0)
            {
                sql.Append($" AND {outbox.Id} NOT IN ({Literals(excluded)})");
            }

            if (held.Count > 0)
            {
                sql.Append($" AND ({outbox.Key} IS NULL OR {outbox.Key} NOT IN ({DbCommands.Parameters($"@k{i}_", held.Count)}))");
                command.WithAll($"@k{i}_", held);
            }

            sql.Append($" ORDER BY {outbox.Id} {Limit(room)}) q{i}");
        }

        command.CommandText = sql.ToString();
        return command;
    }

    protected string ReadColumns(string prefix)
        => string.Join(", ", new[]
        {
            Names.Outbox.Id, Names.Outbox.Destination, Names.Outbox.Bucket, Names.Outbox.MessageId,
            Names.Outbox.Type, Names.Outbox.Key, Names.Outbox.Headers, Names.Outbox.Body,
        }.Select(column => prefix + column));

    /// <summary>The clock in a statement: an expression of the database's, or a parameter that <see cref="WithNow"/> adds.</summary>
    public string Now => NowExpression ?? "@now";

    public DbCommand WithNow(DbCommand command) => NowExpression is null ? command.With("@now", Time.GetUtcNow().UtcDateTime) : command;

    private string InsertMessagesSql(int rows, Func<int, string> placeholder)
    {
        var outbox = Names.Outbox;
        var sql = new StringBuilder(
            $"INSERT INTO {outbox.Table} ({outbox.MessageId}, {outbox.Destination}, {outbox.Bucket}, {outbox.Key}, {outbox.Type}, {outbox.Headers}, {outbox.Body}, {outbox.CreatedAt}) VALUES ");
        for (var row = 0; row < rows; row++)
        {
            sql.Append(row == 0 ? "(" : ", (");
            for (var i = 0; i < ParametersPerMessage; i++)
            {
                sql.Append(placeholder((row * ParametersPerMessage) + i)).Append(", ");
            }

            sql.Append(Now).Append(')');
        }

        return sql.ToString();
    }

    private static string Literals(IEnumerable<long> values) => string.Join(",", values.Select(value => value.ToString(CultureInfo.InvariantCulture)));

    private static string Literals(IEnumerable<int> values) => Literals(values.Select(value => (long)value));

    public static byte[] AsArray(ReadOnlyMemory<byte> memory)
        => System.Runtime.InteropServices.MemoryMarshal.TryGetArray(memory, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : memory.ToArray();
}
