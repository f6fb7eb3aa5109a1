using System.Data.Common;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>SQL Server, which locks a row by a hint and adds to times by a function. It counts in 32 bits: days and milliseconds apart.</summary>
internal sealed class SqlServerScheduleSql(SqlDialect dialect, TableNames names) : ScheduleSql(dialect, names)
{
    protected override string LockHint => " WITH (UPDLOCK)";

    public override string NowPlus(DbCommand command, string name, TimeSpan delay)
    {
        command.With(name, delay.Days).With($"{name}_ms", (int)Math.Ceiling((delay - TimeSpan.FromDays(delay.Days)).TotalMilliseconds));
        return $"DATEADD(millisecond, {name}_ms, DATEADD(day, {name}, {Dialect.Now}))";
    }
}
