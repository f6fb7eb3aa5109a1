using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfLeaseStore<TContext>(EfDatabase<TContext> database) : ILeaseStore where TContext : DbContext
{
    private const int ClockColumn = 4;

    public Task<LeaseTable> ReadAsync(CancellationToken cancellationToken)
        => database.RunAsync((context, sql) => ReadTableAsync(context, sql, cancellationToken), cancellationToken);

    public Task<IReadOnlyCollection<string>> TakeAsync(string owner, IReadOnlyCollection<string> names, TimeSpan duration, CancellationToken cancellationToken)
        => database.WriteAsync<IReadOnlyCollection<string>>(async (context, sql) =>
        {
            // The clock is read first where it must be, so a slow statement makes the lease shorter and never steals one early.
            DateTime? now = sql.ReckonsWithNow ? null : await sql.ReadNowAsync(context, cancellationToken);
            if (await ExecuteAsync(sql.Leases.Take(context, owner, names, duration, now), cancellationToken) == names.Count)
            {
                return names;
            }

            var known = (await ReadTableAsync(context, sql, cancellationToken)).Leases.Select(lease => lease.Name).ToHashSet(StringComparer.Ordinal);
            var unknown = names.Where(name => !known.Contains(name)).ToList();
            foreach (var create in unknown.Count == 0 ? [] : sql.Leases.Create(context, owner, unknown, duration, now))
            {
                await ExecuteAsync(create, cancellationToken);
            }

            var own = (await ReadTableAsync(context, sql, cancellationToken)).Leases.Where(lease => lease.Owner == owner).Select(lease => lease.Name);
            return [.. own.Intersect(names, StringComparer.Ordinal)];
        }, cancellationToken);

    public Task ReleaseAsync(string owner, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
        => database.WriteAsync((context, sql) => ExecuteAsync(sql.Leases.Release(context, owner, names), cancellationToken), cancellationToken);

    public Task ForgetAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
        => database.WriteAsync((context, sql) => ExecuteAsync(sql.Leases.Delete(context, names), cancellationToken), cancellationToken);

    /// <summary>A lease that was renewed at the very moment of the read may look expired: taking it asks again.</summary>
    private static async Task<LeaseTable> ReadTableAsync(TContext context, SqlDialect sql, CancellationToken cancellationToken)
    {
        DateTime? now = sql.NowExpression is null ? await sql.ReadNowAsync(context, cancellationToken) : null;
        var leases = new List<Lease>();
        await using (var command = sql.Leases.Read(context))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                now ??= DbCommands.ToUtc(reader.GetValue(ClockColumn));
                leases.Add(new Lease(reader.GetString(0), reader.GetStringOrNull(1), reader.GetInt64(2), reader.GetUtc(3)));
            }
        }

        return new LeaseTable(now ?? await sql.ReadNowAsync(context, cancellationToken), leases);
    }

    private static async Task<int> ExecuteAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
        {
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
