using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Parking;

/// <summary>Where parked messages of an endpoint are settled: what is done was done in the store, and what is given back is due again.</summary>
internal sealed class ParkedReceiver(string endpoint, IMessageStore store, ILogger logger) : IReceiver
{
    /// <summary>They are brought by <see cref="ParkedRetries"/>, for all endpoints at once.</summary>
    public ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
        => throw new NotSupportedException("Parked messages are brought, not received.");

    public async ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken)
    {
        if (settlement != Settlement.Done)
        {
            await GiveBackAsync([.. deliveries.Cast<ParkedDelivery>().Select(delivery => delivery.Message)], cancellationToken);
        }
    }

    /// <summary>What cannot be given back comes again after its lease.</summary>
    public async Task GiveBackAsync(IReadOnlyList<ParkedMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
        {
            return;
        }

        try
        {
            await store.Parking.ReleaseAsync(messages, cancellationToken);
        }
        catch (Exception exception)
        {
            logger.SettlingFailed(endpoint, messages.Count, exception);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
