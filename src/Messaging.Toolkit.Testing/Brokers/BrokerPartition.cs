using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Brokers;

/// <summary>Messages in order, of which some are with the consumer.</summary>
internal sealed class BrokerPartition
{
    private readonly List<Entry> unsettled = [];
    private int next;
    private int epoch;

    public SimulatedReceiver? Owner { get; private set; }

    public bool IsEmpty => unsettled.Count == 0;

    public bool HasNext => next < unsettled.Count;

    public void Append(MessageEnvelope envelope) => unsettled.Add(new Entry(envelope));

    public void Assign(SimulatedReceiver? owner)
    {
        Owner = owner;
        epoch++;
        next = 0;
    }

    public SimulatedDelivery Next()
    {
        var entry = unsettled[next++];
        return new SimulatedDelivery(entry.Envelope, this, entry, epoch);
    }

    /// <summary>Ends a delivery, unless the partition has been given to somebody else since.</summary>
    public void Settle(SimulatedDelivery delivery)
    {
        if (delivery.Epoch == epoch && unsettled.IndexOf(delivery.Entry) is >= 0 and var index)
        {
            unsettled.RemoveAt(index);
            next--;
        }
    }

    internal sealed class Entry(MessageEnvelope envelope)
    {
        public MessageEnvelope Envelope => envelope;
    }
}

/// <summary>A message as a consumer got it.</summary>
internal sealed class SimulatedDelivery(MessageEnvelope envelope, BrokerPartition partition, BrokerPartition.Entry entry, int epoch) : Delivery(envelope)
{
    public BrokerPartition Partition => partition;

    public BrokerPartition.Entry Entry => entry;

    /// <summary>Which assignment of the partition it belongs to.</summary>
    public int Epoch => epoch;
}
