using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Brokers;

/// <summary>A consumer of one queue.</summary>
internal sealed class SimulatedReceiver : IReceiver
{
    private readonly BrokerQueue queue;
    private readonly NodeLife life;
    private readonly int prefetch;
    private readonly Action<string, string> report;
    private readonly Mailbox<bool> wake;
    private readonly HashSet<SimulatedDelivery> unsettled = [];

    public SimulatedReceiver(SimulatedBroker broker, BrokerQueue queue, NodeLife life, int prefetch, Action<string, string> report)
    {
        this.queue = queue;
        this.life = life;
        this.prefetch = prefetch;
        this.report = report;
        wake = new Mailbox<bool>(life.Lane);
        queue.Join(this);
        broker.Watch(this, life);
    }

    public bool IsClosed { get; private set; }

    public async ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
    {
        while (true)
        {
            await life.EnterAsync(Operation.Receive);
            cancellationToken.ThrowIfCancellationRequested();
            if (life.Happens(FaultKind.Rebalance, Operation.Receive))
            {
                queue.Rebalance();
            }

            CloseMaybe(Operation.Receive);
            var batch = queue.Take(this, max);
            if (batch.Count > 0)
            {
                unsettled.UnionWith(batch);
                if (unsettled.Count > prefetch)
                {
                    report("G8", $"{unsettled.Count} deliveries were taken and not settled, allowed are {prefetch}.");
                }

                return batch;
            }

            await wake.ReadAsync(cancellationToken);
        }
    }

    public async ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken)
    {
        await life.EnterAsync(Operation.Settle);
        CloseMaybe(Operation.Settle);
        foreach (var delivery in deliveries.Cast<SimulatedDelivery>())
        {
            if (!unsettled.Remove(delivery))
            {
                report("G8", $"A delivery of message {delivery.Envelope.Id:N} was settled twice.");
            }

            // What is given back comes again when this consumer has gone: until then it would overtake, or be overtaken.
            if (settlement == Settlement.Done)
            {
                delivery.Partition.Settle(delivery);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Expire();
        return ValueTask.CompletedTask;
    }

    /// <summary>Lets it look for messages.</summary>
    public void Wake() => wake.Add(true);

    /// <summary>The broker shares its messages among the others.</summary>
    public void Expire()
    {
        if (!IsClosed)
        {
            IsClosed = true;
            queue.Leave(this);
            wake.Add(true);
        }
    }

    private void CloseMaybe(Operation operation)
    {
        if (life.Happens(FaultKind.ChannelClosed, operation))
        {
            Expire();
        }

        if (IsClosed)
        {
            throw new SimulatedBrokerException();
        }
    }
}
