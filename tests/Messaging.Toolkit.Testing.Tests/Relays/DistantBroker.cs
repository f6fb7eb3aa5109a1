using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Tests.Relays;

/// <summary>A broker that takes everything, or refuses every connection; and knows who has tried when.</summary>
internal sealed class DistantBroker
{
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(20);

    private readonly HashSet<Sender> open = [];
    private bool isDown;

    /// <summary>Every attempt to connect.</summary>
    public List<(TimeSpan At, string Process)> Attempts { get; } = [];

    /// <summary>The ids of the messages that have arrived.</summary>
    public List<Guid> Arrived { get; } = [];

    public int Open => open.Count;

    public int MostOpen { get; private set; }

    /// <summary>Breaks off all connections, and takes none from here on.</summary>
    public void GoDown()
    {
        isDown = true;
        foreach (var sender in open.ToList())
        {
            sender.BreakOff();
        }
    }

    public void ComeUp() => isDown = false;

    public ITransport TransportOf(NodeLife life) => new Transport(this, life);

    private sealed class Transport(DistantBroker broker, NodeLife life) : ITransport
    {
        public string Name => "distant";

        public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => [Name];

        public string GetDestination(string endpoint) => Name;

        public async ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken)
        {
            broker.Attempts.Add((life.World.Now, life.Name));
            await life.World.DelayAsync(life.Lane, RoundTrip);
            if (broker.isDown)
            {
                throw new IOException("There is nobody at that address.");
            }

            var sender = new Sender(broker, life);
            broker.open.Add(sender);
            broker.MostOpen = Math.Max(broker.MostOpen, broker.Open);
            return sender;
        }

        public ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Sender(DistantBroker broker, NodeLife life) : ISender
    {
        private readonly Mailbox<SendResult> results = new(life.Lane);
        private bool isBroken;

        public void BreakOff()
        {
            isBroken = true;
            broker.open.Remove(this);
            results.Wake();
        }

        public async ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
        {
            await life.World.DelayAsync(life.Lane, RoundTrip);
            ThrowIfBroken();
            foreach (var message in messages)
            {
                broker.Arrived.Add(message.Envelope.Id);
                results.Add(new SendResult(message.Token, SendStatus.Confirmed));
            }
        }

        public async ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken)
        {
            ThrowIfBroken();
            var read = await results.ReadAsync(cancellationToken);
            ThrowIfBroken();
            return read;
        }

        public ValueTask DisposeAsync()
        {
            broker.open.Remove(this);
            return ValueTask.CompletedTask;
        }

        private void ThrowIfBroken()
        {
            if (isBroken)
            {
                throw new IOException("The connection was reset.");
            }
        }
    }
}
