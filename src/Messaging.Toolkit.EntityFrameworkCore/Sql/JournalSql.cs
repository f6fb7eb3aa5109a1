using System.Data.Common;
using Messaging.Toolkit.Journal;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>The statements of the journal, in standard SQL.</summary>
internal sealed class JournalSql(SqlDialect dialect, TableNames names)
{
    /// <summary>Rows of one INSERT: below the smallest limit of parameters there is (2,100, on SQL Server).</summary>
    private const int MaxRowsPerInsert = 200;

    private readonly TableNames.JournalNames journal = names.Journal;

    /// <summary>The journal is kept and there is a table for it.</summary>
    public bool IsOpen { get; set; }

    private string Columns => string.Join(", ", journal.ConversationId, journal.HybridTime, journal.Event, journal.MessageId, journal.CausationId, journal.CorrelationId, journal.Type, journal.Source, journal.Service, journal.Endpoint);

    /// <summary>The statements that write entries; none, if no journal is open.</summary>
    public IEnumerable<DbCommand> Insert(DbContext context, DbTransaction? transaction, IEnumerable<JournalEntry?> entries)
    {
        if (!IsOpen)
        {
            yield break;
        }

        foreach (var rows in entries.OfType<JournalEntry>().Chunk(MaxRowsPerInsert))
        {
            var command = context.CreateCommand(transaction, "");
            command.CommandText = $"INSERT INTO {journal.Table} ({Columns}, {journal.RecordedAt}) VALUES {string.Join(", ", rows.Select((entry, row) => Values(command, entry, row)))}";
            yield return dialect.WithNow(command);
        }
    }

    /// <summary>Writes nothing, and fails if the table is not as the model has it, or may not be written.</summary>
    public DbCommand Look(DbContext context)
        => context.CreateCommand($"INSERT INTO {journal.Table} ({Columns}, {journal.RecordedAt}) SELECT {Columns}, {journal.RecordedAt} FROM {journal.Table} WHERE 1 = 0");

    public DbCommand Read(DbContext context, Guid conversationId, int count)
        => context.CreateCommand($"SELECT {Columns} FROM {journal.Table} WHERE {journal.ConversationId} = @c ORDER BY {journal.HybridTime}, {journal.Id} {dialect.Limit(count)}")
            .With("@c", conversationId);

    public DbCommand Find(DbContext context, string correlationId, int count)
        => context.CreateCommand(
                $"SELECT {journal.ConversationId}, MIN({journal.HybridTime}) FROM {journal.Table} WHERE {journal.CorrelationId} = @c GROUP BY {journal.ConversationId} ORDER BY 2 {dialect.Limit(count)}")
            .With("@c", correlationId);

    /// <summary>The time of the n-th oldest entry: where a batch of n to delete ends.</summary>
    public DbCommand ReadNth(DbContext context, DateTime before, int n)
        => context.CreateCommand($"SELECT {journal.RecordedAt} FROM {journal.Table} WHERE {journal.RecordedAt} < @before ORDER BY {journal.RecordedAt} {dialect.Limit(1, n - 1)}")
            .With("@before", before);

    public DbCommand Delete(DbContext context, DateTime until)
        => context.CreateCommand($"DELETE FROM {journal.Table} WHERE {journal.RecordedAt} <= @until").With("@until", until);

    public static JournalEntry ToEntry(DbDataReader row) => new()
    {
        ConversationId = row.GetGuid(0),
        At = new HybridTime(row.GetInt64(1)),
        Event = Enum.Parse<JournalEvent>(row.GetString(2)),
        MessageId = row.GetGuid(3),
        CausationId = row.IsDBNull(4) ? null : row.GetGuid(4),
        CorrelationId = row.GetStringOrNull(5),
        Type = row.GetString(6),
        Source = row.GetString(7),
        Service = row.GetString(8),
        Endpoint = row.GetStringOrNull(9),
    };

    private string Values(DbCommand command, JournalEntry entry, int row)
    {
        command
            .With($"@c{row}", entry.ConversationId).With($"@h{row}", entry.At.Value).With($"@e{row}", entry.Event.ToString()).With($"@m{row}", entry.MessageId)
            .With($"@b{row}", entry.CausationId).With($"@i{row}", StorableText.Name(entry.CorrelationId)).With($"@t{row}", StorableText.Name(entry.Type)).With($"@s{row}", StorableText.Name(entry.Source))
            .With($"@v{row}", entry.Service).With($"@p{row}", entry.Endpoint);
        return $"(@c{row}, @h{row}, @e{row}, @m{row}, @b{row}, @i{row}, @t{row}, @s{row}, @v{row}, @p{row}, {dialect.Now})";
    }
}
