using System.Collections.Concurrent;
using System.Threading.Channels;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Transports.InProcess;

/// <summary>
/// Delivers inside the process. It keeps nothing: a message is confirmed when its endpoint has settled it, so the
/// outbox row stays until then and the database is the queue. There is one row per endpoint, so that an endpoint which
/// is slow, paused or broken holds back nobody else.
/// </summary>
internal sealed class InProcessTransport : ITransport
{
    /// <summary>The name by which applications choose it.</summary>
    public const string TransportName = "in-process";

    private readonly ConcurrentDictionary<string, Channel<InProcessDelivery>> queues = new(StringComparer.Ordinal);

    public string Name => TransportName;

    public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => subscribers;

    public string GetDestination(string endpoint) => endpoint;

    public ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken) => new(new InProcessSender(this));

    public ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
        => new(new InProcessReceiver(QueueOf(endpoint).Reader));

    // Unbounded, because the relays bound what is unreported per destination, and so what can be in here.
    public Channel<InProcessDelivery> QueueOf(string endpoint)
        => queues.GetOrAdd(endpoint, static _ => Channel.CreateUnbounded<InProcessDelivery>());
}
