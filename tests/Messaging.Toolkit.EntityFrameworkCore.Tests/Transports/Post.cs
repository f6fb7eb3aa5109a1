using System.Collections.Concurrent;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Transports;

/// <summary>A broker that several applications may share, and that is down, or breaks off what it has open, when a test says so.</summary>
/// <param name="kind">What its transport calls itself.</param>
internal sealed class Post(string kind = "post")
{
    /// <summary>Where all goes that is for one endpoint, whichever it is: one that nobody here has heard of may have asked for it.</summary>
    private const string Endpoints = "endpoints";

    private readonly InProcessTransport inner = new();
    private readonly ConcurrentQueue<string> sent = new();
    private CancellationTokenSource broken = new();
    private int received;

    public volatile bool IsDown;

    /// <summary>The types of what was handed over to it.</summary>
    public IReadOnlyCollection<string> Sent => sent;

    /// <summary>How many messages endpoints have received from it, each as often as it came.</summary>
    public int Received => Volatile.Read(ref received);

    /// <summary>Ends every receiver. What they had comes again through the next ones.</summary>
    public void BreakReceivers() => Interlocked.Exchange(ref broken, new CancellationTokenSource()).Cancel();

    public ITransport NewTransport(MessageTopology topology) => new Transport(this, topology);

    private string Kind => kind;

    private void ThrowIfDown()
    {
        if (IsDown)
        {
            throw new IOException("There is nobody at that address.");
        }
    }

    private sealed class Transport(Post post, MessageTopology topology) : ITransport
    {
        public string Name => post.Kind;

        public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => type.Kind == MessageKind.Command ? [Endpoints] : subscribers;

        public string GetDestination(string endpoint) => Endpoints;

        public async ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken)
        {
            post.ThrowIfDown();
            return new Sender(post, topology, await post.inner.OpenSenderAsync(cancellationToken));
        }

        public async ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
        {
            post.ThrowIfDown();
            return new Receiver(post, await post.inner.OpenReceiverAsync(endpoint, prefetch, cancellationToken), post.broken.Token);
        }
    }

    private sealed class Sender(Post post, MessageTopology topology, ISender sender) : ISender
    {
        public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
        {
            post.ThrowIfDown();
            foreach (var message in messages)
            {
                post.sent.Enqueue(message.Envelope.Type);
            }

            return sender.SendAsync([.. messages.Select(message => message with { Destination = QueueOf(message) })], cancellationToken);
        }

        public ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken) => sender.ReadResultsAsync(cancellationToken);

        public ValueTask DisposeAsync() => sender.DisposeAsync();

        private string QueueOf(TransportMessage message)
            => message.Envelope.Recipient ?? topology.Types.Concat(topology.Elsewhere).Single(type => type.Name == message.Envelope.Type).Endpoint ?? message.Destination;
    }

    private sealed class Receiver(Post post, IReceiver receiver, CancellationToken broken) : IReceiver
    {
        public async ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(broken, cancellationToken);
            try
            {
                var deliveries = await receiver.ReceiveAsync(max, either.Token);
                Interlocked.Add(ref post.received, deliveries.Count);
                return deliveries;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new IOException("The connection was reset.");
            }
        }

        public ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken)
            => receiver.SettleAsync(deliveries, settlement, cancellationToken);

        public ValueTask DisposeAsync() => receiver.DisposeAsync();
    }
}
