namespace Messaging.Toolkit.Sagas.Storage;

/// <summary>Shows which instances there are, each call in a transaction of its own. May be called from several threads.</summary>
public interface ISagaCatalogue
{
    /// <summary>Reads instances; those that do not exist are left out.</summary>
    /// <param name="ids">At most 1,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<SagaRecord>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Reads instances, newest first.</summary>
    Task<IReadOnlyList<SagaRecord>> QueryAsync(SagaQuery query, CancellationToken cancellationToken);

    /// <summary>Reads what has happened to an instance, in its order.</summary>
    Task<IReadOnlyList<SagaHistoryEntry>> ReadHistoryAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Where the unfinished instances stand.</summary>
    Task<IReadOnlyList<SagaStanding>> ReadStandingsAsync(CancellationToken cancellationToken);

    /// <summary>Deletes at most <paramref name="count"/> instances that finished longer ago than the age, and their history. Returns how many.</summary>
    Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken);
}
