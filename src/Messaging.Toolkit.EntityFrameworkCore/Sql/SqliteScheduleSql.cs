using System.Data.Common;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>SQLite, which has no clock of its own: the time is reckoned here.</summary>
internal sealed class SqliteScheduleSql(SqlDialect dialect, TableNames names, TimeProvider time) : ScheduleSql(dialect, names)
{
    public override string NowPlus(DbCommand command, string name, TimeSpan delay) => Time(command, name, time.GetUtcNow().UtcDateTime + delay);
}
