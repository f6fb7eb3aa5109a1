using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>A transport whose calls a test can see and change.</summary>
internal sealed class WrappedTransport(ITransport transport) : ITransport
{
    public string Name => transport.Name;

    public Action<IAsyncDisposable>? Opened { get; set; }

    public Func<IReadOnlyList<TransportMessage>, IReadOnlyList<TransportMessage>> Sending { get; set; } = messages => messages;

    public Func<IReadOnlyList<SendResult>, IReadOnlyList<SendResult>> Reported { get; set; } = results => results;

    public Func<IReceiver, int, CancellationToken, Task<IReadOnlyList<Delivery>>> Receive { get; set; }
        = (receiver, max, cancellationToken) => receiver.ReceiveAsync(max, cancellationToken).AsTask();

    public Func<IReceiver, IReadOnlyList<Delivery>, Settlement, Task> Settle { get; set; }
        = (receiver, deliveries, settlement) => receiver.SettleAsync(deliveries, settlement, CancellationToken.None).AsTask();

    public Func<IAsyncDisposable, Task> Dispose { get; set; } = opened => opened.DisposeAsync().AsTask();

    public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => transport.GetDestinations(type, subscribers);

    public string GetDestination(string endpoint) => transport.GetDestination(endpoint);

    public async ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken)
    {
        var sender = await transport.OpenSenderAsync(cancellationToken);
        Opened?.Invoke(sender);
        return new Sender(sender, this);
    }

    public async ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
    {
        var receiver = await transport.OpenReceiverAsync(endpoint, prefetch, cancellationToken);
        Opened?.Invoke(receiver);
        return new Receiver(receiver, this);
    }

    private sealed class Sender(ISender inner, WrappedTransport wrapped) : ISender
    {
        public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
            => inner.SendAsync(wrapped.Sending(messages), cancellationToken);

        public async ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                if (wrapped.Reported(await inner.ReadResultsAsync(cancellationToken)) is { Count: > 0 } results)
                {
                    return results;
                }
            }
        }

        public ValueTask DisposeAsync() => new(wrapped.Dispose(inner));
    }

    private sealed class Receiver(IReceiver inner, WrappedTransport wrapped) : IReceiver
    {
        public ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
            => new(wrapped.Receive(inner, max, cancellationToken));

        public ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken)
            => new(wrapped.Settle(inner, deliveries, settlement));

        public ValueTask DisposeAsync() => new(wrapped.Dispose(inner));
    }
}
