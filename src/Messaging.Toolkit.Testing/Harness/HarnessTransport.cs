using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;

namespace Messaging.Toolkit.Testing.Harness;

/// <summary>Delivers inside the process, and takes what nobody here subscribes to, so that a test sees it: its subscribers may be other applications.</summary>
internal sealed class HarnessTransport : ITransport
{
    /// <summary>Where nobody of this application is. Not a name that an endpoint may have.</summary>
    public const string Outside = "(outside)";

    private static readonly string[] OutsideOnly = [Outside];

    private readonly InProcessTransport inner = new();

    public string Name => inner.Name;

    public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => subscribers.Count > 0 ? subscribers : OutsideOnly;

    public async ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken) => new Sender(await inner.OpenSenderAsync(cancellationToken), inner);

    public ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
        => inner.OpenReceiverAsync(endpoint, prefetch, cancellationToken);

    private sealed class Sender(ISender sender, InProcessTransport transport) : ISender
    {
        public async ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
        {
            await sender.SendAsync(messages, cancellationToken);
            while (transport.QueueOf(Outside).Reader.TryRead(out var delivery))
            {
                delivery.Settle(Settlement.Done);
            }
        }

        public ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken) => sender.ReadResultsAsync(cancellationToken);

        public ValueTask DisposeAsync() => sender.DisposeAsync();
    }
}
