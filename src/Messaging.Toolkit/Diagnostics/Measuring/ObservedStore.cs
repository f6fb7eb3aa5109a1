using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Diagnostics.Measuring;

/// <summary>What can be said of one store without asking its database.</summary>
/// <param name="name">The store's.</param>
/// <param name="watch">Measures what waits in it.</param>
/// <param name="leases">How many buckets this process relays.</param>
/// <param name="sagas">Where instances stand; null unless this process is the one that looks.</param>
/// <param name="options">How often is measured.</param>
/// <param name="time">The clock.</param>
internal sealed class ObservedStore(
    string name, StoreWatch watch, Func<int> leases, Func<Measured<IReadOnlyList<SagaStanding>>?> sagas, ObservabilityOptions options, TimeProvider time)
{
    public string Name => name;

    public int Leases => leases();

    public ObservabilityOptions Options => options;

    public Measured<IReadOnlyList<SagaStanding>>? Sagas => sagas();

    /// <summary>What was measured last, of whatever age.</summary>
    public Measured<StoreFigures>? Latest => watch.Ask();

    /// <summary>What is true at present, as far as is known: null if it is not, or not any more.</summary>
    public StoreFigures? Present => Latest is { } latest && !IsStale(latest) ? latest.Value : null;

    public TimeSpan AgeOf<T>(Measured<T> measured) => measured.Age(time);

    public bool IsStale<T>(Measured<T> measured) => AgeOf(measured) > options.StaleAfter;
}
