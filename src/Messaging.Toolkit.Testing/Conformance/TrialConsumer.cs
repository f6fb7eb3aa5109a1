using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>Receives for an endpoint, and checks what every receiver must keep to.</summary>
internal sealed class TrialConsumer(Trial trial, string endpoint, IReceiver receiver) : IAsyncDisposable
{
    private const int Most = 100;

    /// <summary>Receives that many deliveries and leaves them unsettled.</summary>
    public async Task<List<Delivery>> ReceiveAsync(int count)
    {
        var received = new List<Delivery>();
        while (received.Count < count)
        {
            received.AddRange(await ReceiveSomeAsync(count, received.Count));
        }

        return received;
    }

    /// <summary>Receives that many deliveries and settles them as done.</summary>
    public async Task<List<MessageEnvelope>> HandleAsync(int count)
    {
        var handled = new List<MessageEnvelope>();
        while (handled.Count < count)
        {
            var batch = await ReceiveSomeAsync(count, handled.Count);
            await SettleAsync(batch);
            handled.AddRange(batch.Select(delivery => delivery.Envelope));
        }

        return handled;
    }

    /// <summary>Receives and settles until each of the messages has come once, and returns what came, in the order in which it came first.</summary>
    public async Task<List<MessageEnvelope>> HandleFirstsAsync(IReadOnlyCollection<MessageEnvelope> messages)
    {
        var missing = messages.Select(message => message.Id).ToHashSet();
        var firsts = new List<MessageEnvelope>();
        while (missing.Count > 0)
        {
            var batch = await ReceiveSomeAsync(messages.Count, messages.Count - missing.Count);
            await SettleAsync(batch);
            firsts.AddRange(batch.Select(delivery => delivery.Envelope).Where(envelope => missing.Remove(envelope.Id)));
        }

        return firsts;
    }

    /// <summary>Receives once.</summary>
    public async Task<IReadOnlyList<Delivery>> ReceiveOnceAsync(int max, CancellationToken cancellationToken)
    {
        var batch = await receiver.ReceiveAsync(max, cancellationToken);
        Expect.That(batch.Count > 0, "ReceiveAsync was to wait for a delivery, and returned none.");
        Expect.That(batch.Count <= max, $"ReceiveAsync was to return {max} deliveries at most, and returned {batch.Count}.");
        return batch;
    }

    /// <summary>Receives once, unless that is cancelled.</summary>
    public async Task<IReadOnlyList<Delivery>> TryReceiveAsync(int max, CancellationToken cancellationToken)
    {
        try
        {
            return await ReceiveOnceAsync(max, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            trial.Over.ThrowIfCancellationRequested();
            return [];
        }
    }

    /// <summary>Waits until the receiver says that its connection is broken.</summary>
    public async Task ExpectBrokenAsync()
    {
        try
        {
            while (true)
            {
                await ReceiveOnceAsync(Most, trial.Over);
            }
        }
        catch (OperationCanceledException) when (trial.Over.IsCancellationRequested)
        {
            throw new ConformanceException($"The receiver's connection was broken, and ReceiveAsync did not throw within {trial.Limit.TotalSeconds} s.");
        }
        catch (Exception exception) when (exception is not ConformanceException)
        {
            // As it must be.
        }
    }

    public Task SettleAsync(IEnumerable<Delivery> deliveries, Settlement settlement = Settlement.Done)
        => receiver.SettleAsync([.. deliveries], settlement, trial.Over).AsTask();

    public ValueTask DisposeAsync() => receiver.DisposeAsync();

    private async Task<IReadOnlyList<Delivery>> ReceiveSomeAsync(int expected, int came)
    {
        try
        {
            return await ReceiveOnceAsync(Math.Min(expected - came, Most), trial.Over);
        }
        catch (OperationCanceledException) when (trial.Over.IsCancellationRequested)
        {
            throw new ConformanceException($"{expected} messages were to come to endpoint {endpoint}, and {came} came within {trial.Limit.TotalSeconds} s.");
        }
    }
}
