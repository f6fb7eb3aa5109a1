using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>SQL Server, where the standard's clock is local time and an insert that looks first needs a range lock.</summary>
internal sealed class SqlServerDialect(TableNames names, TimeProvider time) : SqlDialect(names, time)
{
    /// <summary>Deadlock, lock time-out, time-out, database or connection gone, throttled, failing over: the list of EF's own provider, as the client does not say.</summary>
    private static readonly int[] TransientNumbers =
        [-2, 20, 64, 121, 233, 1205, 1222, 4060, 4221, 10053, 10054, 10060, 10928, 10929, 40143, 40197, 40501, 40540, 40613, 49918, 49919, 49920];

    public override bool ReckonsWithNow => true;

    public override string NowExpression => "SYSUTCDATETIME()";

    public override SagaSql Sagas => field ??= new SqlServerSagaSql(this, Names);

    public override ScheduleSql Schedule => field ??= new SqlServerScheduleSql(this, Names);

    public override DbCommand IndexNames(DbContext context, string table, string? schema)
        => context.CreateCommand("SELECT i.name FROM sys.indexes i WHERE i.object_id = OBJECT_ID(COALESCE(@schema, SCHEMA_NAME()) + '.' + @table) AND i.name IS NOT NULL").With("@table", table).With("@schema", schema);

    /// <summary>As SQL Server says it: 229 on an object, 230 on a column.</summary>
    public override bool IsPermissionDenied(DbException exception) => NumberOf(exception) is 229 or 230;

    public override void BePrecise(DbParameter time) => time.DbType = DbType.DateTime2;

    protected override bool IsTransientCode(DbException exception) => NumberOf(exception) is { } number && TransientNumbers.Contains(number);

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "UseEntityFrameworkCore says that it is not for trimming.")]
    private static int? NumberOf(DbException exception) => exception.GetType().GetProperty("Number")?.GetValue(exception) as int?;

    public override string InsertIfAbsent(string table, string[] columns, string[] values, int keys, string? condition = null)
        => base.InsertIfAbsent(table, columns, values, keys, condition).Replace(
            $"FROM {table} WHERE", $"FROM {table} WITH (UPDLOCK, HOLDLOCK) WHERE", StringComparison.Ordinal);
}
