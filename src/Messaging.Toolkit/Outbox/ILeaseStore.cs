namespace Messaging.Toolkit.Outbox;

/// <summary>
/// Leases in the database, timed by the database's clock alone, so that the clocks of the processes do not matter.
/// May be called from several threads and processes; throws what the database throws.
/// </summary>
public interface ILeaseStore
{
    /// <summary>Reads all leases.</summary>
    Task<LeaseTable> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes or renews those of the leases that are free, expired or the owner's own, until now plus the duration, and
    /// creates those that do not exist. Returns the names that the owner holds afterwards, of those asked for.
    /// </summary>
    Task<IReadOnlyCollection<string>> TakeAsync(string owner, IReadOnlyCollection<string> names, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Gives up leases of the owner's. Those it does not hold are left alone.</summary>
    Task ReleaseAsync(string owner, IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>Deletes leases that expired, such as those that marked a process which is long gone.</summary>
    Task ForgetAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken);
}
