namespace Messaging.Toolkit.Stores;

/// <summary>Counts what waits in a store, for metrics and health checks. Nothing else depends on it.</summary>
public interface IStoreFigures
{
    /// <summary>
    /// Reads all figures in one statement, and in no transaction of anybody's. Ages are by the store's clock, and never negative. May be called from several threads; throws
    /// what the database throws.
    /// </summary>
    /// <param name="countUpTo">How far rows are counted: it returns no number greater than this, and what it costs is bounded by it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<StoreFigures> ReadAsync(int countUpTo, CancellationToken cancellationToken);
}
