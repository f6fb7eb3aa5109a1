using System.Threading.Channels;

namespace Messaging.Toolkit.Transports.InProcess;

internal sealed class InProcessReceiver(ChannelReader<InProcessDelivery> queue) : IReceiver
{
    public async ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
    {
        var batch = new List<Delivery>();
        while (batch.Count == 0)
        {
            await queue.WaitToReadAsync(cancellationToken);
            Take(batch, max);
        }

        return batch;
    }

    public ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken)
    {
        foreach (var delivery in deliveries)
        {
            ((InProcessDelivery)delivery).Settle(settlement);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Gives back what nobody will receive: the relay must not wait for it.</summary>
    public ValueTask DisposeAsync()
    {
        while (queue.TryRead(out var delivery))
        {
            delivery.Settle(Settlement.Abandon);
        }

        return ValueTask.CompletedTask;
    }

    private void Take(List<Delivery> batch, int max)
    {
        while (batch.Count < max && queue.TryRead(out var delivery))
        {
            if (delivery.Overtakes)
            {
                delivery.Settle(Settlement.Abandon);
                continue;
            }

            batch.Add(delivery);
        }
    }
}
