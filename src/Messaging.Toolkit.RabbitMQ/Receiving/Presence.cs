using Messaging.Toolkit.RabbitMQ.Connections;
using Messaging.Toolkit.Runtime;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.RabbitMQ.Receiving;

/// <summary>
/// The processes of one endpoint, as one of them knows them: each tells all others every two seconds that it is there, and at once
/// when somebody new has spoken. Who has been silent for ten seconds is gone.
/// </summary>
/// <remarks>It has a connection of its own: a broker that is short of memory reads nothing from connections that publish, and acknowledgements must not wait for that.</remarks>
internal sealed class Presence : AsyncDefaultBasicConsumer, IAsyncDisposable
{
    private const string Here = "here";
    private const string Gone = "gone";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(10);

    /// <summary>Long enough for an answer, so that one who joins takes nothing that it would give back at once.</summary>
    private static readonly TimeSpan Meeting = TimeSpan.FromMilliseconds(250);

    private readonly IConnection connection;
    private readonly string exchange;
    private readonly string self;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> heard = new(StringComparer.Ordinal);
    private readonly Signal changed;
    private volatile bool isBlocked;
    private long heardSelf;

    private Presence(IConnection connection, IChannel channel, string exchange, Guid self, TimeProvider time) : base(channel)
    {
        this.connection = connection;
        this.exchange = exchange;
        this.self = self.ToString();
        this.time = time;
        changed = new Signal(time);
        heardSelf = time.GetTimestamp();
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="connection">Is its own from then on.</param>
    /// <param name="exchange">The fanout exchange that all are bound to.</param>
    /// <param name="self">Who this one is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up beginning.</param>
    public static async Task<Presence> OpenAsync(IConnection connection, string exchange, Guid self, TimeProvider time, CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var queue = await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue.QueueName, exchange, "", cancellationToken: cancellationToken);
        var presence = new Presence(connection, channel, exchange, self, time);
        connection.ConnectionBlockedAsync += presence.OnBlockedAsync;
        connection.ConnectionUnblockedAsync += presence.OnUnblockedAsync;
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, presence, cancellationToken);
        return presence;
    }

    /// <summary>Says that this one is there, and hears who else is.</summary>
    public async Task MeetAsync(CancellationToken cancellationToken)
    {
        await SayAsync(Here, cancellationToken);
        await Task.Delay(Meeting, time, cancellationToken);
    }

    /// <summary>Waits until something may have changed, and says again that this one is there.</summary>
    /// <exception cref="MessagingException">It does not hear itself any more, and so nobody else.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await changed.WaitAsync(Interval, cancellationToken);
        if (isBlocked)
        {
            // The broker reads nothing from those who say something: all are silent, and nobody is gone for that.
            return;
        }

        if (time.GetElapsedTime(Volatile.Read(ref heardSelf)) > LongestSilence)
        {
            throw new MessagingException($"What is published to the exchange '{exchange}' does not arrive, so that this process cannot know of the others.");
        }

        await SayAsync(Here, cancellationToken);
    }

    /// <summary>Ends the wait.</summary>
    public void Wake() => changed.Set();

    /// <summary>Which of so many parts are this one's, if all that are there have an equal share.</summary>
    public IReadOnlyList<int> ShareOf(int parts)
    {
        lock (gate)
        {
            foreach (var silent in heard.Where(other => !isBlocked && time.GetElapsedTime(other.Value) > LongestSilence).Select(other => other.Key).ToList())
            {
                heard.Remove(silent);
            }

            var others = heard.Keys.Count(other => string.CompareOrdinal(other, self) < 0);
            return [.. Enumerable.Range(0, parts).Where(part => part % (heard.Count + 1) == others)];
        }
    }

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        if (properties.MessageId == self)
        {
            Volatile.Write(ref heardSelf, time.GetTimestamp());
        }
        else if (properties.MessageId is { } other && Hear(other, properties.Type == Gone))
        {
            changed.Set();
        }

        return Task.CompletedTask;
    }

    /// <summary>Says goodbye, so that the others need not notice.</summary>
    public async Task LeaveAsync()
    {
        if (Channel.IsOpen && !isBlocked)
        {
            await ConnectionOpener.AtMostAsync(SayAsync(Gone, CancellationToken.None), time);
        }
    }

    /// <summary>Leaves, and ends the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        await ConnectionOpener.CloseAsync(connection, time);
    }

    private Task OnBlockedAsync(object sender, ConnectionBlockedEventArgs why)
    {
        isBlocked = true;
        return Task.CompletedTask;
    }

    private Task OnUnblockedAsync(object sender, AsyncEventArgs args)
    {
        lock (gate)
        {
            foreach (var other in heard.Keys.ToList())
            {
                heard[other] = time.GetTimestamp();
            }
        }

        Volatile.Write(ref heardSelf, time.GetTimestamp());
        isBlocked = false;
        changed.Set();
        return Task.CompletedTask;
    }

    private bool Hear(string other, bool isGone)
    {
        lock (gate)
        {
            if (isGone)
            {
                return heard.Remove(other);
            }

            var isNew = !heard.ContainsKey(other);
            heard[other] = time.GetTimestamp();
            return isNew;
        }
    }

    /// <summary>What is given up is the wait: a publish that is given up half way leaves the channel in no state to go on.</summary>
    private Task SayAsync(string what, CancellationToken cancellationToken)
        => Channel.BasicPublishAsync(exchange, "", mandatory: false, new BasicProperties { MessageId = self, Type = what }, ReadOnlyMemory<byte>.Empty, CancellationToken.None)
            .AsTask().WaitAsync(cancellationToken);
}
