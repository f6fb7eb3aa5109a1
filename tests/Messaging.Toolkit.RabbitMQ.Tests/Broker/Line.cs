using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests.Broker;

/// <summary>An application without a store: a transport, and what a relay and an endpoint would do with it.</summary>
internal sealed class Line : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<IAsyncDisposable> opened = [];
    private long tokens;

    public Line(Action<RabbitMQOptions>? configure = null, params EndpointTopology[] endpoints)
    {
        Options = new RabbitMQOptions { Uri = Server.Uri, Prefix = Server.NewPrefix() };
        configure?.Invoke(Options);
        Topology = new MessageTopology { Types = [Happened, Changed, Work], Endpoints = endpoints.Length > 0 ? endpoints : [new("worker", [Happened, Changed, Work])] };
        Transport = new RabbitMQTransport(Options, Topology, new MessageIds(TimeProvider.System, new EntropySource()), TimeProvider.System, NullLogger.Instance);
    }

    public static MessageType Happened { get; } = new(typeof(int), MessageKind.Event, "happened", null, null, new JsonMessageSerializer());

    public static MessageType Changed { get; } = new(typeof(long), MessageKind.Event, "changed", null, null, new JsonMessageSerializer());

    public static MessageType Work { get; } = new(typeof(string), MessageKind.Command, "work", "worker", null, new JsonMessageSerializer());

    public RabbitMQOptions Options { get; }

    public MessageTopology Topology { get; }

    public ITransport Transport { get; }

    public string Queue => Options.Prefix + "worker";

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

    public static int NumberOf(Delivery delivery) => BitConverter.ToInt32(delivery.Envelope.Body.Span);

    public async Task<ISender> OpenSenderAsync()
    {
        var sender = await Transport.OpenSenderAsync(default);
        opened.Add(sender);
        return sender;
    }

    public async Task<IReceiver> OpenReceiverAsync(string endpoint = "worker", int prefetch = 100)
    {
        var receiver = await Transport.OpenReceiverAsync(endpoint, prefetch, default);
        opened.Add(receiver);
        return receiver;
    }

    public TransportMessage Message(MessageEnvelope envelope, bool resumesKey = false) => new(++tokens, "rabbitmq", envelope, resumesKey);

    /// <summary>Hands messages over and waits for what becomes of them, in the order in which they were handed over.</summary>
    public async Task<IReadOnlyList<SendResult>> SendAsync(ISender sender, params MessageEnvelope[] envelopes)
        => await SendAsync(sender, [.. envelopes.Select(envelope => Message(envelope))]);

    public static async Task<IReadOnlyList<SendResult>> SendAsync(ISender sender, IReadOnlyList<TransportMessage> messages)
    {
        using var limit = new CancellationTokenSource(Patience);
        await sender.SendAsync(messages, limit.Token);
        return await ResultsAsync(sender, messages.Count);
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

    /// <summary>Waits until the broker knows that no more than so many messages are left to be settled.</summary>
    public Task LeftAsync(int count) => Server.UntilQueueHasAsync(Queue, count, "messages");

    /// <summary>Does something as any other program would that waits for confirms: without them it would not hear what the broker refuses.</summary>
    public static async Task<T> BareAsync<T>(Func<IChannel, Task<T>> act)
    {
        await using var connection = await new ConnectionFactory { Uri = Server.Uri }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        return await act(channel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var each in opened)
        {
            await each.DisposeAsync();
        }

        await Leftovers.DeleteAsync(Options, Topology);
    }
}
