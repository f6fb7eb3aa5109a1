using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;

namespace Messaging.Toolkit.Testing.Harness;

/// <summary>Delivers inside the process, and takes what is for nobody here, so that a test sees it: it may be for other applications.</summary>
/// <param name="endpoints">Those of the application.</param>
internal sealed class HarnessTransport(IReadOnlyCollection<string> endpoints) : ITransport
{
    /// <summary>Where nobody of this application is. Not a name that an endpoint may have.</summary>
    public const string Outside = "(outside)";

    private static readonly string[] OutsideOnly = [Outside];

    private readonly InProcessTransport inner = new();

    public string Name => inner.Name;

    public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => subscribers.Count > 0 ? subscribers : OutsideOnly;

    public string GetDestination(string endpoint) => endpoints.Contains(endpoint, StringComparer.Ordinal) ? endpoint : Outside;

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
