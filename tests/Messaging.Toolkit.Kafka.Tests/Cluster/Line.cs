using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Kafka.Tests.Cluster;

/// <summary>An application without a store: a transport, and what a relay and an endpoint would do with it.</summary>
internal sealed class Line : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<IAsyncDisposable> opened = [];
    private readonly MockCluster? mock;
    private long tokens;

    private Line(MockCluster? mock, Action<KafkaOptions>? configure)
    {
        this.mock = mock;
        Options = Server.Options(mock);
        configure?.Invoke(Options);
        Topology = new MessageTopology { Types = [Happened, Changed, Work], Endpoints = [new("worker", [Happened, Changed, Work])] };
        Topics = new TopicMap(Options, Topology);
        Transport = NewTransport();
    }

    public static MessageType Happened { get; } = new(typeof(int), MessageKind.Event, "happened", null, null, new JsonMessageSerializer());

    public static MessageType Changed { get; } = new(typeof(long), MessageKind.Event, "changed", null, null, new JsonMessageSerializer());

    public static MessageType Work { get; } = new(typeof(string), MessageKind.Command, "work", "worker", null, new JsonMessageSerializer());

    public KafkaOptions Options { get; }

    public MessageTopology Topology { get; }

    public TopicMap Topics { get; }

    public ITransport Transport { get; }

    public string Topic => Options.Prefix + Options.EventTopic("happened");

    public string Group => Options.Prefix + "worker";

    /// <summary>Makes one with its topics, on the shared cluster unless another one is given.</summary>
    public static async Task<Line> OpenAsync(Action<KafkaOptions>? configure = null, MockCluster? mock = null, int partitions = 4)
    {
        var line = new Line(mock, configure);
        await Server.CreateAsync(mock ?? Server.Mock, line.Topics.All.Select(topic => topic.Name), partitions);
        return line;
    }

    public static MessageEnvelope Envelope(int number = 0, string? key = "k", MessageType? type = null, ReadOnlyMemory<byte>? body = null, string? recipient = null) => new()
    {
        Id = Guid.CreateVersion7(),
        Type = (type ?? Happened).Name,
        Source = "/test",
        Time = DateTimeOffset.UtcNow,
        ContentType = "application/json",
        Key = key,
        ConversationId = Guid.CreateVersion7(),
        Recipient = recipient,
        Body = body ?? BitConverter.GetBytes(number),
    };

    public static IEnumerable<MessageEnvelope> Envelopes(int count, int keys = 1) => Enumerable.Range(1, count).Select(number => Envelope(number, $"key-{number % keys}"));

    public static int NumberOf(Delivery delivery) => BitConverter.ToInt32(delivery.Envelope.Body.Span);

    /// <summary>One more process of the application.</summary>
    public ITransport NewTransport() => new KafkaTransport(Options, Topology, taker: null, new MessageIds(TimeProvider.System, new EntropySource()), TimeProvider.System, NullLogger.Instance);

    public async Task<ISender> OpenSenderAsync()
    {
        var sender = await Transport.OpenSenderAsync(default);
        opened.Add(sender);
        return sender;
    }

    public async Task<IReceiver> OpenReceiverAsync(string endpoint = "worker", int prefetch = 1000)
    {
        using var limit = new CancellationTokenSource(Patience);
        var receiver = await Transport.OpenReceiverAsync(endpoint, prefetch, limit.Token);
        opened.Add(receiver);
        return receiver;
    }

    public TransportMessage Message(MessageEnvelope envelope) => new(++tokens, Topics.DestinationOf(Topology.Types.Single(type => type.Name == envelope.Type))!, envelope);

    /// <summary>Hands messages over and waits for what becomes of them, in the order in which they were handed over.</summary>
    public async Task<IReadOnlyList<SendResult>> SendAsync(ISender sender, params IEnumerable<MessageEnvelope> envelopes)
    {
        var messages = envelopes.Select(Message).ToList();
        using var limit = new CancellationTokenSource(Patience);
        await sender.SendAsync(messages, limit.Token);
        return await ResultsAsync(sender, messages.Count);
    }

    /// <summary>What a relay does: what a sender that broke has not reported is sent again by a new one.</summary>
    /// <returns>How many senders it took.</returns>
    public async Task<int> RelayAsync(IEnumerable<MessageEnvelope> envelopes, Action? betweenSenders = null)
    {
        var open = envelopes.Select(Message).ToDictionary(message => message.Token);
        using var limit = new CancellationTokenSource(2 * Patience);
        for (var senders = 1; ; senders++)
        {
            await using var sender = await OpenAgainAsync(() => Transport.OpenSenderAsync(limit.Token).AsTask(), limit.Token);
            try
            {
                await sender.SendAsync([.. open.Values.OrderBy(message => message.Token)], limit.Token);
                while (open.Count > 0)
                {
                    foreach (var result in await sender.ReadResultsAsync(limit.Token))
                    {
                        result.Status.Should().Be(SendStatus.Confirmed, result.Reason);
                        open.Remove(result.Token).Should().BeTrue();
                    }
                }

                return senders;
            }
            catch (Exception) when (!limit.IsCancellationRequested)
            {
                betweenSenders?.Invoke();
            }
        }
    }

    public static async Task<IReadOnlyList<SendResult>> ResultsAsync(ISender sender, int count)
    {
        using var limit = new CancellationTokenSource(Patience);
        var results = new List<SendResult>();
        while (results.Count < count)
        {
            results.AddRange(await sender.ReadResultsAsync(limit.Token));
        }

        return [.. results.OrderBy(result => result.Token)];
    }

    /// <summary>Receives that many, without settling them.</summary>
    public static async Task<List<Delivery>> ReceiveAsync(IReceiver receiver, int count)
    {
        using var limit = new CancellationTokenSource(Patience);
        var received = new List<Delivery>();
        while (received.Count < count)
        {
            received.AddRange(await receiver.ReceiveAsync(count - received.Count, limit.Token));
        }

        return received;
    }

    /// <summary>Receives and settles until each of the messages has come once, and returns what came, in the order in which it came first.</summary>
    public static async Task<List<Delivery>> ReceiveFirstsAsync(IReceiver receiver, IEnumerable<MessageEnvelope> messages)
    {
        using var limit = new CancellationTokenSource(2 * Patience);
        var missing = messages.Select(message => message.Id).ToHashSet();
        var firsts = new List<Delivery>();
        while (missing.Count > 0)
        {
            var batch = await receiver.ReceiveAsync(1000, limit.Token);
            await receiver.SettleAsync(batch, Settlement.Done, default);
            firsts.AddRange(batch.Where(delivery => missing.Remove(delivery.Envelope.Id)));
        }

        return firsts;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var each in opened)
        {
            await each.DisposeAsync();
        }

        mock?.Dispose();
    }

    private static async Task<T> OpenAgainAsync<T>(Func<Task<T>> open, CancellationToken limit)
    {
        while (true)
        {
            try
            {
                return await open();
            }
            catch (MessagingException) when (!limit.IsCancellationRequested)
            {
                // As the relay does it.
            }
        }
    }
}
