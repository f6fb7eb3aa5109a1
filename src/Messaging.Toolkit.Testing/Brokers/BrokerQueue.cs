using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Brokers;

/// <summary>The messages for one endpoint, in partitions by key. A partition has one consumer at a time.</summary>
internal sealed class BrokerQueue(SeededRandom random)
{
    private const int Partitions = 4;

    private readonly BrokerPartition[] partitions = [.. Enumerable.Range(0, Partitions).Select(_ => new BrokerPartition())];
    private readonly List<SimulatedReceiver> consumers = [];

    public bool IsDrained => partitions.All(partition => partition.IsEmpty);

    public void Append(MessageEnvelope envelope)
    {
        var partition = envelope.Key is { } key ? partitions[MessageKeys.Bucket(key, Partitions)] : random.Pick(partitions);
        partition.Append(envelope);
        partition.Owner?.Wake();
    }

    public void Join(SimulatedReceiver receiver)
    {
        consumers.Add(receiver);
        Rebalance();
    }

    public void Leave(SimulatedReceiver receiver)
    {
        if (consumers.Remove(receiver))
        {
            Rebalance();
        }
    }

    /// <summary>Shares the partitions among the consumers anew. What the last owner had not settled comes again.</summary>
    public void Rebalance()
    {
        var first = random.Next(Partitions);
        for (var i = 0; i < Partitions; i++)
        {
            var owner = consumers.Count == 0 ? null : consumers[(first + i) % consumers.Count];
            if (partitions[i].Owner != owner)
            {
                partitions[i].Assign(owner);
            }

            owner?.Wake();
        }
    }

    /// <summary>Takes the next messages of a consumer's partitions, in the order of each.</summary>
    public List<SimulatedDelivery> Take(SimulatedReceiver receiver, int max)
    {
        var taken = new List<SimulatedDelivery>();
        var own = partitions.Where(partition => partition.Owner == receiver && partition.HasNext).ToList();
        while (taken.Count < max && own.Count > 0)
        {
            var partition = random.Pick(own);
            taken.Add(partition.Next());
            own.RemoveAll(partition => !partition.HasNext);
        }

        return taken;
    }
}
