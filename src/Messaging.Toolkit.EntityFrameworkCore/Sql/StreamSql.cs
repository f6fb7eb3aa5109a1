using System.Data.Common;
using Messaging.Toolkit.Streams;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>The statements of positions in streams.</summary>
internal class StreamSql(SqlDialect dialect, TableNames names)
{
    protected TableNames.StreamNames Stream { get; } = names.Stream;

    private TableNames.StreamIdsNames Remembered { get; } = names.StreamIds;

    /// <summary>Makes a position this transaction's under another epoch; affects no row if there is none.</summary>
    public DbCommand Take(DbContext context, DbTransaction? transaction, string endpoint, string stream)
        => context.CreateCommand(transaction, LimitLongWait($"UPDATE {Stream.Table} SET {Stream.Epoch} = {Stream.Epoch} + 1 WHERE {IsStream}"))
            .With("@e", endpoint).With("@s", stream);

    /// <summary>Adds a position before the first message, unless somebody else has.</summary>
    public DbCommand Create(DbContext context, DbTransaction? transaction, string endpoint, string stream, long epoch, DateTime? claimsUntil)
        => context.CreateCommand(transaction, dialect.InsertIfAbsent(
                Stream.Table, [Stream.Endpoint, Stream.Stream, Stream.Epoch, Stream.Next, Stream.ClaimsUntil], ["@e", "@s", "@epoch", "@next", "@until"], keys: 2))
            .With("@e", endpoint).With("@s", stream).With("@epoch", epoch).With("@next", StreamState.Nowhere).With("@until", claimsUntil);

    public DbCommand Read(DbContext context, DbTransaction? transaction, string endpoint, string stream)
        => context.CreateCommand(transaction, $"SELECT {Stream.Epoch}, {Stream.Next}, {Stream.ClaimsUntil} FROM {Stream.Table} WHERE {IsStream}")
            .With("@e", endpoint).With("@s", stream);

    public DbCommand ReadNames(DbContext context, string endpoint)
        => context.CreateCommand(null, $"SELECT {Stream.Stream} FROM {Stream.Table} WHERE {Stream.Endpoint} = @e").With("@e", endpoint);

    public DbCommand Delete(DbContext context, DbTransaction? transaction, string endpoint, string stream)
        => context.CreateCommand(transaction, LimitLongWait($"DELETE FROM {Stream.Table} WHERE {IsStream}")).With("@e", endpoint).With("@s", stream);

    /// <summary>Deletes all ids of a stream.</summary>
    public DbCommand ForgetAll(DbContext context, DbTransaction? transaction, string endpoint, string stream)
        => context.CreateCommand(transaction, $"DELETE FROM {Remembered.Table} WHERE {Remembered.Endpoint} = @e AND {Remembered.Stream} = @s").With("@e", endpoint).With("@s", stream);

    /// <summary>Moves a position on; affects no row if it is not there any more, or somebody else's.</summary>
    public DbCommand Step(DbContext context, DbTransaction? transaction, StreamPosition position, long from, long to)
        => context.CreateCommand(transaction, LimitWait($"UPDATE {Stream.Table} SET {Stream.Next} = @to WHERE {IsStream} AND {Stream.Epoch} = @epoch AND {Stream.Next} = @from"))
            .With("@to", to).With("@e", position.Endpoint).With("@s", position.Stream).With("@epoch", position.Epoch).With("@from", from);

    /// <summary>Remembers messages with the position that this transaction moves.</summary>
    public DbCommand Remember(DbContext context, DbTransaction? transaction, StreamPosition position, IReadOnlyCollection<Guid> ids)
        => context.CreateCommand(transaction,
                $"INSERT INTO {Remembered.Table} ({Remembered.Endpoint}, {Remembered.Stream}, {Remembered.Total}, {Remembered.Ids}) VALUES (@e, @s, @total, @ids)")
            .With("@e", position.Endpoint).With("@s", position.Stream).With("@total", position.Total + ids.Count).With("@ids", PackedIds.Pack(ids));

    /// <summary>The rows of the last ids that were remembered, the newest first: more than enough.</summary>
    public DbCommand ReadRemembered(DbContext context, DbTransaction? transaction, string endpoint, string stream, int memory)
        => context.CreateCommand(transaction,
                $"SELECT {Remembered.Total}, {Remembered.Ids} FROM {Remembered.Table} WHERE {Remembered.Endpoint} = @e AND {Remembered.Stream} = @s " +
                $"ORDER BY {Remembered.Total} DESC, {Remembered.Id} DESC {dialect.Limit(Math.Max(1, memory))}")
            .With("@e", endpoint).With("@s", stream);

    /// <summary>Deletes rows of ids that are not remembered any more, the oldest first.</summary>
    public DbCommand Forget(DbContext context, DbTransaction? transaction, string endpoint, string stream, long until, int count)
        => context.CreateCommand(transaction,
                $"DELETE FROM {Remembered.Table} WHERE {Remembered.Id} IN (SELECT {Remembered.Id} FROM {Remembered.Table} " +
                $"WHERE {Remembered.Endpoint} = @e AND {Remembered.Stream} = @s AND {Remembered.Total} <= @until ORDER BY {Remembered.Total} {dialect.Limit(count)})")
            .With("@e", endpoint).With("@s", stream).With("@until", until);

    /// <summary>Bounds how long a statement waits for somebody else's lock.</summary>
    protected virtual string LimitWait(string statements) => statements;

    /// <summary>The same, for who has nothing else to do.</summary>
    protected virtual string LimitLongWait(string statements) => statements;

    private string IsStream => $"{Stream.Endpoint} = @e AND {Stream.Stream} = @s";
}
