using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>
/// Counts what waits: one statement, of which every part reads an index and no more than so many entries of it. The first row by its number stands for the oldest one: numbers
/// are drawn when rows are written.
/// </summary>
internal sealed class FiguresSql(SqlDialect dialect, TableNames names)
{
    /// <summary>The clock, rows of the outbox, when the first was written, parked messages, dead letters, and when the first scheduled message is due.</summary>
    public DbCommand Read(DbContext context, int countUpTo)
        => dialect.WithNow(context.CreateCommand(
            $"SELECT {dialect.Now}, {Count(names.Outbox.Table, names.Outbox.Id, countUpTo)}, " +
            $"(SELECT {names.Outbox.CreatedAt} FROM {names.Outbox.Table} ORDER BY {names.Outbox.Id} {dialect.Limit(1)}), " +
            $"{Count(names.Parked.Table, names.Parked.Id, countUpTo)}, {Count(names.DeadLetter.Table, names.DeadLetter.Id, countUpTo)}, " +
            $"(SELECT MIN({names.Schedule.DueAt}) FROM {names.Schedule.Table})"));

    private string Count(string table, string id, int most) => $"(SELECT COUNT(*) FROM (SELECT {id} FROM {table} ORDER BY {id} {dialect.Limit(most)}) q)";
}
