using System.Data.Common;
using System.Globalization;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfSagaCatalogue<TContext>(EfDatabase<TContext> database) : ISagaCatalogue where TContext : DbContext
{
    private const int MaxResults = 1000;

    /// <summary>Instances in one DELETE: a transaction with a purge of thousands would hold their rows too long, and no database takes as many parameters.</summary>
    private const int MaxPurgedAtOnce = 500;

    public Task<IReadOnlyList<SagaRecord>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ids.Count, MaxResults, nameof(ids));
        return ids.Count == 0
            ? Task.FromResult<IReadOnlyList<SagaRecord>>([])
            : ReadAsync((context, sql) => sql.Find(context, ids), SagaColumns.ReadSaga, cancellationToken);
    }

    public Task<IReadOnlyList<SagaRecord>> FindEndedAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ids.Count, MaxResults, nameof(ids));
        return ids.Count == 0
            ? Task.FromResult<IReadOnlyList<SagaRecord>>([])
            : ReadAsync((context, sql) => sql.FindEnded(context, ids), SagaColumns.ReadSaga, cancellationToken);
    }

    public Task<IReadOnlyList<SagaRecord>> QueryAsync(SagaQuery query, CancellationToken cancellationToken)
        => query.Limit is >= 1 and <= MaxResults
            ? ReadAsync((context, sql) => sql.Query(context, query), SagaColumns.ReadSaga, cancellationToken)
            : throw new ArgumentOutOfRangeException(nameof(query), query.Limit, $"The Limit of a SagaQuery is how many instances to return: set it between 1 and {MaxResults}.");

    public Task<IReadOnlyList<SagaHistoryEntry>> ReadHistoryAsync(Guid id, int after, int count, CancellationToken cancellationToken)
        => count is >= 1 and <= MaxResults
            ? ReadAsync((context, sql) => sql.ReadHistory(context, id, after, count), SagaColumns.ReadSagaHistory, cancellationToken)
            : throw new ArgumentOutOfRangeException(nameof(count), count, $"Set how many entries of a history to return between 1 and {MaxResults}.");

    public Task<IReadOnlyList<SagaStanding>> ReadStandingsAsync(CancellationToken cancellationToken)
        => ReadAsync(
            (context, sql) => sql.ReadStandings(context),
            reader => new SagaStanding(
                reader.GetString(0), reader.GetInt32(1), reader.GetString(2), Enum.Parse<SagaStatus>(reader.GetString(3)), reader.GetString(4),
                Convert.ToInt32(reader.GetValue(5), CultureInfo.InvariantCulture)),
            cancellationToken);

    public Task<IReadOnlyList<(Guid Id, string Progress)>> ReadProgressAsync(string definition, int version, string shape, Guid? after, int count, CancellationToken cancellationToken)
        => ReadAsync((context, sql) => sql.ReadProgress(context, definition, version, shape, after, count), reader => (reader.GetGuid(0), reader.GetString(1)), cancellationToken);

    public async Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var (before, ids) = await FindFinishedAsync(age, count, cancellationToken);
        var purged = 0;
        foreach (var batch in ids.Chunk(MaxPurgedAtOnce))
        {
            purged += await PurgeAsync(before, batch, cancellationToken);
        }

        return purged;
    }

    private Task<(DateTime Before, IReadOnlyList<Guid> Ids)> FindFinishedAsync(TimeSpan age, int count, CancellationToken cancellationToken)
        => database.RunAsync(async (context, sql) =>
        {
            var before = await sql.ReadNowAsync(context, cancellationToken) - age;
            await using var command = sql.SagaCatalogue.FindFinished(context, before, count);
            return (before, await ReadAsync(command, reader => reader.GetGuid(0), cancellationToken));
        }, cancellationToken);

    private Task<int> PurgeAsync(DateTime before, Guid[] ids, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
            await using var delete = sql.SagaCatalogue.DeleteFinished(context, transaction, before, ids);
            await using var forget = sql.SagaCatalogue.DeleteHistory(context, transaction, ids);
            var deleted = await delete.ExecuteNonQueryAsync(cancellationToken);
            await forget.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return deleted;
        }, cancellationToken);

    private Task<IReadOnlyList<T>> ReadAsync<T>(Func<TContext, SagaCatalogueSql, DbCommand> create, Func<DbDataReader, T> read, CancellationToken cancellationToken)
        => database.RunAsync(async (context, sql) =>
        {
            await using var command = create(context, sql.SagaCatalogue);
            return await ReadAsync(command, read, cancellationToken);
        }, cancellationToken);

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(DbCommand command, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
