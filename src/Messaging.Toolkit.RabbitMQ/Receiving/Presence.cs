using Messaging.Toolkit.RabbitMQ.Connections;
using Messaging.Toolkit.Runtime;
using RabbitMQ.Client;

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

    private Presence(IConnection connection, IChannel channel, string exchange, Guid self, TimeProvider time) : base(channel)
    {
        this.connection = connection;
        this.exchange = exchange;
        this.self = self.ToString();
        this.time = time;
        changed = new Signal(time);
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
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await changed.WaitAsync(Interval, cancellationToken);
        await SayAsync(Here, cancellationToken);
    }

    /// <summary>Ends the wait.</summary>
    public void Wake() => changed.Set();

    /// <summary>Which of so many parts are this one's, if all that are there have an equal share.</summary>
    public IReadOnlyList<int> ShareOf(int parts)
    {
        lock (gate)
        {
            foreach (var silent in heard.Where(other => time.GetElapsedTime(other.Value) > LongestSilence).Select(other => other.Key).ToList())
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
        if (properties.MessageId is { } other && other != self && Hear(other, properties.Type == Gone))
        {
            changed.Set();
        }

        return Task.CompletedTask;
    }

    /// <summary>Says goodbye, so that the others need not notice.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Channel.IsOpen)
        {
            await ConnectionOpener.AtMostAsync(SayAsync(Gone, CancellationToken.None), time);
        }

        await ConnectionOpener.CloseAsync(connection, time);
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

    private async Task SayAsync(string what, CancellationToken cancellationToken)
        => await Channel.BasicPublishAsync(exchange, "", mandatory: false, new BasicProperties { MessageId = self, Type = what }, ReadOnlyMemory<byte>.Empty, cancellationToken);
}
