using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// A full topic of Kafka's, with positions in the database. Floor: the toolkit too, with a claim for each message. So the ratio says what positions
/// are worth.
/// </summary>
internal sealed class ConsumeByPosition : IScenario
{
    /// <summary>Those of a topic in the cluster of eng/servers. With positions no more transactions are open at once.</summary>
    private const int Partitions = 4;

    private readonly ConsumeFromBroker byPosition = new(TransportNames.Kafka, offsetsInDatabase: true);
    private readonly ConsumeFromBroker byClaim = new(TransportNames.Kafka);
    private readonly ConsumeFromBroker byClaimWithAWorkerForEachPartition = new(TransportNames.Kafka, concurrency: Partitions);

    public IReadOnlyList<Baseline> Baselines => [new("claims_with_four_workers", byClaimWithAWorkerForEachPartition.MeasureAsync)];

    public string Name => "consume-by-position";

    public string Transport => TransportNames.Kafka;

    public string Unit => byPosition.Unit;

    public int DefaultMessages(DatabaseKind database) => byPosition.DefaultMessages(database);

    public Task<Sample> MeasureAsync(Run run) => byPosition.MeasureAsync(run);

    public Task<Sample> MeasureFloorAsync(Run run) => byClaim.MeasureAsync(run);
}
