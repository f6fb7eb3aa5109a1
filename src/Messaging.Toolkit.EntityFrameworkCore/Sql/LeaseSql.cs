using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>The statements of leases, in standard SQL. Where they can reckon with the clock themselves each is one round trip.</summary>
internal class LeaseSql(SqlDialect dialect, TableNames names)
{
    protected SqlDialect Dialect { get; } = dialect;

    protected TableNames.LeaseNames Lease { get; } = names.Lease;

    /// <summary>All leases; with each comes the clock, if the database has one.</summary>
    public DbCommand Read(DbContext context)
    {
        var clock = Dialect.NowExpression is { } now ? $", {now}" : "";
        return context.CreateCommand($"SELECT {Lease.Name}, {Lease.Owner}, {Lease.Epoch}, {Lease.ExpiresAt}{clock} FROM {Lease.Table}");
    }

    /// <summary>Takes or renews those that are free, expired or the owner's own. A statement that waits makes a lease longer than its owner reckons, and never shorter.</summary>
    /// <param name="context">The context.</param>
    /// <param name="owner">Who takes them.</param>
    /// <param name="leases">Their names.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="now">The clock as it was read, where statements cannot reckon with it themselves; otherwise null.</param>
    public DbCommand Take(DbContext context, string owner, IReadOnlyCollection<string> leases, TimeSpan duration, DateTime? now)
    {
        var command = context.CreateCommand("").With("@owner", owner).WithAll("@n", leases);
        var clock = now is null ? Dialect.Now : "@now";
        command.CommandText =
            $"UPDATE {Lease.Table} SET {Lease.Epoch} = CASE WHEN {Lease.Owner} = @owner THEN {Lease.Epoch} ELSE {Lease.Epoch} + 1 END, " +
            $"{Lease.Owner} = @owner, {Lease.ExpiresAt} = {Until(command, duration, now)} " +
            $"WHERE {Lease.Name} IN ({DbCommands.Parameters("@n", leases.Count)}) AND ({Lease.Owner} IS NULL OR {Lease.Owner} = @owner OR {Lease.ExpiresAt} <= {clock})";
        return now is null ? Dialect.WithNow(command) : command.With("@now", now);
    }

    /// <summary>The statements that create leases which are not there; with parameters as those of <see cref="Take"/>.</summary>
    public virtual IEnumerable<DbCommand> Create(DbContext context, string owner, IReadOnlyCollection<string> leases, TimeSpan duration, DateTime? now)
    {
        foreach (var lease in leases)
        {
            var command = context.CreateCommand("").With("@n", lease).With("@o", owner);
            command.CommandText = Dialect.InsertIfAbsent(
                Lease.Table, [Lease.Name, Lease.Owner, Lease.Epoch, Lease.ExpiresAt], ["@n", "@o", "1", Until(command, duration, now)], keys: 1);
            yield return command;
        }
    }

    public DbCommand Release(DbContext context, string owner, IReadOnlyCollection<string> leases)
        => context.CreateCommand(
                $"UPDATE {Lease.Table} SET {Lease.Owner} = NULL " +
                $"WHERE {Lease.Owner} = @owner AND {Lease.Name} IN ({DbCommands.Parameters("@n", leases.Count)})")
            .With("@owner", owner).WithAll("@n", leases);

    /// <summary>Deletes those that expired.</summary>
    public DbCommand Delete(DbContext context, IReadOnlyCollection<string> leases)
        => Dialect.WithNow(context.CreateCommand(
                $"DELETE FROM {Lease.Table} WHERE {Lease.ExpiresAt} < {Dialect.Now} AND {Lease.Name} IN ({DbCommands.Parameters("@n", leases.Count)})")
            .WithAll("@n", leases));

    protected string Until(DbCommand command, TimeSpan duration, DateTime? now)
    {
        if (now is not { } read)
        {
            return Dialect.Schedule.NowPlus(command, "@until", duration);
        }

        command.With("@until", read + duration);
        return "@until";
    }
}
