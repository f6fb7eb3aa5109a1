using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>SQLite: embedded, one writer at a time, no clock of its own.</summary>
internal sealed class SqliteDialect(TableNames names, TimeProvider time) : SqlDialect(names, time)
{
    /// <summary>SQLITE_BUSY, LOCKED, IOERR, FULL, CANTOPEN, PROTOCOL: others hold the lock, or the disk is full or away.</summary>
    private static readonly int[] TransientCodes = [5, 6, 10, 13, 14, 15];

    public override bool HasOneWriter => true;

    public override bool ReckonsWithNow => true;

    public override string? NowExpression => null;

    public override SagaSql Sagas => field ??= new SqliteSagaSql(this, Names);

    public override ScheduleSql Schedule => field ??= new SqliteScheduleSql(this, Names, Time);

    public override DbCommand IndexNames(DbContext context, string table, string? schema)
        => context.CreateCommand("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = @table").With("@table", table);

    public override string Limit(int count, int offset = 0) => $"LIMIT {count} OFFSET {offset}";

    public override string InsertIfAbsent(string table, string[] columns, string[] values, int keys, string? condition = null)
        => InsertOrDoNothing(table, columns, values, condition);

    /// <summary>The provider does not say what is transient, and this package has no reference to it.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "UseEntityFrameworkCore says that it is not for trimming.")]
    protected override bool IsTransientCode(DbException exception)
        => exception.GetType().GetProperty("SqliteErrorCode")?.GetValue(exception) is int code && TransientCodes.Contains(code);
}
