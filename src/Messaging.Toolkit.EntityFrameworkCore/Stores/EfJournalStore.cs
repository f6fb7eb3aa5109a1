using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Journal;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfJournalStore<TContext>(EfDatabase<TContext> database) : IJournalStore where TContext : DbContext
{
    public async Task<bool> OpenAsync(CancellationToken cancellationToken)
    {
        if (database.Dialect.Journal.IsOpen)
        {
            return true;
        }

        return database.Dialect.Journal.IsOpen = await database.WriteAsync(IsWritableAsync, cancellationToken);

        async Task<bool> IsWritableAsync(TContext context, SqlDialect sql)
        {
            await using var look = sql.Journal.Look(context);
            try
            {
                await look.ExecuteNonQueryAsync(cancellationToken);
                return true;
            }
            catch (DbException exception) when (!sql.IsTransient(exception))
            {
                // The connection is open, and the table is not there, not as the model has it, or not for this user to write.
                return false;
            }
        }
    }

    public Task<IReadOnlyList<JournalEntry>> ReadAsync(Guid conversationId, int count, CancellationToken cancellationToken)
        => database.RunAsync((context, sql) => ReadAllAsync(sql.Journal.Read(context, conversationId, count), JournalSql.ToEntry, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<Guid>> FindAsync(string correlationId, int count, CancellationToken cancellationToken)
        => database.RunAsync((context, sql) => ReadAllAsync(sql.Journal.Find(context, correlationId, count), static row => row.GetGuid(0), cancellationToken), cancellationToken);

    public Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            var cutoff = await sql.ReadNowAsync(context, cancellationToken) - age;
            await using var find = sql.Journal.ReadNth(context, cutoff, count);
            var nth = await find.ExecuteScalarAsync(cancellationToken);
            await using var delete = sql.Journal.Delete(context, nth is null or DBNull ? cutoff : DbCommands.ToUtc(nth));
            return await delete.ExecuteNonQueryAsync(cancellationToken);
        }, cancellationToken);

    private static async Task<IReadOnlyList<T>> ReadAllAsync<T>(DbCommand command, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var all = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
            {
                all.Add(read(reader));
            }

            return all;
        }
    }
}
