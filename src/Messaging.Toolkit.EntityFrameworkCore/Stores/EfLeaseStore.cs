using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfLeaseStore<TContext>(EfDatabase<TContext> database) : ILeaseStore where TContext : DbContext
{
    public Task<LeaseTable> ReadAsync(CancellationToken cancellationToken)
        => database.RunAsync(async (context, sql) =>
        {
            var now = await sql.ReadNowAsync(context, cancellationToken);
            return new LeaseTable(now, await ReadLeasesAsync(context, sql, cancellationToken));
        }, cancellationToken);

    public Task<IReadOnlyCollection<string>> TakeAsync(string owner, IReadOnlyCollection<string> names, TimeSpan duration, CancellationToken cancellationToken)
        => database.WriteAsync<IReadOnlyCollection<string>>(async (context, sql) =>
        {
            // The clock is read first, so a slow statement makes the lease shorter and never steals one early.
            var now = await sql.ReadNowAsync(context, cancellationToken);
            if (await ExecuteAsync(sql.TakeLeases(context, owner, names, now, now + duration), cancellationToken) == names.Count)
            {
                return names;
            }

            var known = (await ReadLeasesAsync(context, sql, cancellationToken)).Select(lease => lease.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var name in names.Where(name => !known.Contains(name)))
            {
                await ExecuteAsync(sql.CreateLease(context, owner, name, now + duration), cancellationToken);
            }

            var own = (await ReadLeasesAsync(context, sql, cancellationToken)).Where(lease => lease.Owner == owner).Select(lease => lease.Name);
            return [.. own.Intersect(names, StringComparer.Ordinal)];
        }, cancellationToken);

    public Task ReleaseAsync(string owner, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
        => database.WriteAsync((context, sql) => ExecuteAsync(sql.ReleaseLeases(context, owner, names), cancellationToken), cancellationToken);

    public Task ForgetAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            var now = await sql.ReadNowAsync(context, cancellationToken);
            return await ExecuteAsync(sql.DeleteLeases(context, names, now), cancellationToken);
        }, cancellationToken);

    private static async Task<List<Lease>> ReadLeasesAsync(TContext context, SqlDialect sql, CancellationToken cancellationToken)
    {
        await using var command = sql.ReadLeases(context);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var leases = new List<Lease>();
        while (await reader.ReadAsync(cancellationToken))
        {
            leases.Add(new Lease(reader.GetString(0), reader.GetStringOrNull(1), reader.GetInt64(2), reader.GetUtc(3)));
        }

        return leases;
    }

    private static async Task<int> ExecuteAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
        {
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
