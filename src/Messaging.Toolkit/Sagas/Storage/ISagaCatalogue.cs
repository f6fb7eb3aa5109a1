namespace Messaging.Toolkit.Sagas.Storage;

/// <summary>Shows which instances there are, each call in a transaction of its own. May be called from several threads.</summary>
public interface ISagaCatalogue
{
    /// <summary>Reads instances; those that do not exist are left out.</summary>
    /// <param name="ids">At most 1,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<SagaRecord>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Reads those of the instances that have finished or are stuck; the others, and their states, are not read.</summary>
    /// <param name="ids">At most 1,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<SagaRecord>> FindEndedAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Reads instances, newest first, and those of one time always in the same order.</summary>
    Task<IReadOnlyList<SagaRecord>> QueryAsync(SagaQuery query, CancellationToken cancellationToken);

    /// <summary>Reads what has happened to an instance, in its order.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="after">The place in the history after which to begin; 0 for the beginning.</param>
    /// <param name="count">How many entries at most, from 1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<SagaHistoryEntry>> ReadHistoryAsync(Guid id, int after, int count, CancellationToken cancellationToken);

    /// <summary>Where the instances stand to which something may still happen. Reads them all: for now and then, and one process.</summary>
    Task<IReadOnlyList<SagaStanding>> ReadStandingsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Reads what the toolkit knows of instances to which something may still happen and that were last run by one version and shape of their definition, in an order of their ids
    /// that is always the same.
    /// </summary>
    /// <param name="definition">The name of the definition.</param>
    /// <param name="version">The version.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="after">The last id of the page before; null for the first one.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<(Guid Id, string Progress)>> ReadProgressAsync(string definition, int version, string shape, Guid? after, int count, CancellationToken cancellationToken);

    /// <summary>Deletes at most <paramref name="count"/> instances that finished longer ago than the age, and their history. Returns how many.</summary>
    Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken);
}
