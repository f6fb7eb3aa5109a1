using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>PostgreSQL: the leases of an empty database are created by one statement.</summary>
internal sealed class PostgreSqlLeaseSql(SqlDialect dialect, TableNames names) : LeaseSql(dialect, names)
{
    /// <summary>In the order of their names, so that two processes that start together wait for each other and do not deadlock.</summary>
    public override IEnumerable<DbCommand> Create(DbContext context, string owner, IReadOnlyCollection<string> leases, TimeSpan duration, DateTime? now)
    {
        var command = context.CreateCommand("").With("@names", leases.ToArray()).With("@owner", owner);
        command.CommandText =
            $"INSERT INTO {Lease.Table} ({Lease.Name}, {Lease.Owner}, {Lease.Epoch}, {Lease.ExpiresAt}) " +
            $"SELECT n.name, @owner, 1, {Until(command, duration, now)} FROM unnest(@names) AS n(name) ORDER BY n.name ON CONFLICT DO NOTHING";
        yield return command;
    }
}
