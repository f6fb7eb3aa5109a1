using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Transports;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ;

/// <summary>How messages are brought over RabbitMQ.</summary>
public sealed class RabbitMQOptions
{
    private readonly Dictionary<string, Action<RabbitMQQueueOptions>> perEndpoint = new(StringComparer.Ordinal);

    /// <summary>With the defaults.</summary>
    public RabbitMQOptions() => Open = (factory, name, cancellationToken) => Hosts.Count == 0
        ? factory.CreateConnectionAsync(name, cancellationToken)
        : factory.CreateConnectionAsync(Hosts, name, cancellationToken);

    /// <summary>
    /// Where the broker is, with credentials and virtual host: <c>amqp://user:password@host:5672/vhost</c>, or <c>amqps://</c> for TLS.
    /// Default <c>amqp://localhost</c>, which is the virtual host "/" as guest.
    /// </summary>
    public Uri Uri { get; set; } = new("amqp://localhost");

    /// <summary>The nodes of a cluster, of which one is connected to, chosen at random. Default none: the host of <see cref="Uri"/>.</summary>
    public IList<AmqpTcpEndpoint> Hosts { get; } = [];

    /// <summary>Changes everything else about connections: TLS, heartbeat, client name, authentication. Recovery stays off: the toolkit does that itself. Default: nothing is changed.</summary>
    public Action<ConnectionFactory>? Connection { get; set; }

    /// <summary>
    /// Whether exchanges, queues and bindings are declared. Default true. False for those who manage them themselves; then what is
    /// missing is an error when it is needed.
    /// </summary>
    public bool DeclareTopology { get; set; } = true;

    /// <summary>Put before the name of every exchange and queue, "test." for instance. Letters, digits, '.', '-', '_' and '/'; at most 40. Default none.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>How the queues of all endpoints are declared, unless <see cref="Queue"/> says otherwise.</summary>
    public RabbitMQQueueOptions Queues { get; } = new();

    /// <summary>
    /// How many messages of one key may be sent and not yet confirmed. Default 1, which keeps the order of a key even if the broker
    /// refuses one of them (a queue with <c>x-overflow: reject-publish</c> that is full does) or has no queue for it (somebody has deleted it): with more,
    /// those after it may have arrived by then. More is faster where most messages have the same few keys. From 1 to 10,000.
    /// </summary>
    public int UnconfirmedPerKey { get; set; } = 1;

    /// <summary>How long the broker may confirm nothing at all while some confirms are due and it does not say that it is busy. Then the connection is given up and the messages are sent again. Default 30 s; from 1 s to 1 h.</summary>
    public TimeSpan ConfirmTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether an event that no queue is bound to is nobody's concern. Default false: it goes to the dead letters, as a command without a queue does.</summary>
    public bool IgnoreUnroutableEvents { get; set; }

    /// <summary>
    /// Maps messages of programs that send neither CloudEvents headers nor the AMQP property <c>type</c>. It gets the exchange, the
    /// routing key and what could be read, and returns the envelope that handlers are to see. Default none: such a message has
    /// an unknown type and goes to the dead letters. So does one for which it throws.
    /// </summary>
    public Func<ForeignMessage, MessageEnvelope>? MapForeign { get; set; }

    /// <summary>Changes how the queue of one endpoint is declared.</summary>
    /// <param name="endpoint">The endpoint's name.</param>
    /// <param name="configure">Changes a copy of <see cref="Queues"/>.</param>
    public RabbitMQOptions Queue(string endpoint, Action<RabbitMQQueueOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        perEndpoint[endpoint] = perEndpoint.TryGetValue(endpoint, out var before) ? before + configure : configure;
        return this;
    }

    /// <summary>Opens a connection of that name. Replaced where there is no network.</summary>
    internal Func<ConnectionFactory, string, CancellationToken, Task<IConnection>> Open { get; set; }

    internal RabbitMQQueueOptions QueueOf(string endpoint)
    {
        var queue = new RabbitMQQueueOptions { Type = Queues.Type, Consumers = Queues.Consumers, Partitions = Queues.Partitions };
        foreach (var (name, value) in Queues.Arguments)
        {
            queue.Arguments[name] = value;
        }

        perEndpoint.GetValueOrDefault(endpoint)?.Invoke(queue);
        return queue;
    }

    internal IEnumerable<string> Validate(MessageTopology topology)
    {
        if (Uri is null || Uri.Scheme is not ("amqp" or "amqps"))
        {
            // The rest of it may be a password.
            yield return "UseRabbitMQ: Uri must begin with amqp:// or amqps://.";
        }

        if (Prefix is null || Prefix.Length > 40 || !Names.HasOnlyAllowed(Prefix))
        {
            yield return "UseRabbitMQ: Prefix has more than 40 characters, or others than letters, digits, '.', '-', '_' and '/'.";
        }

        if (UnconfirmedPerKey is < 1 or > 10_000)
        {
            yield return $"UseRabbitMQ: UnconfirmedPerKey is {UnconfirmedPerKey}: set it between 1 and 10000.";
        }

        if (ConfirmTimeout < TimeSpan.FromSeconds(1) || ConfirmTimeout > TimeSpan.FromHours(1))
        {
            yield return $"UseRabbitMQ: ConfirmTimeout is {ConfirmTimeout}: set it between 1 s and 1 h.";
        }

        foreach (var name in perEndpoint.Keys.Where(name => topology.Endpoints.All(endpoint => endpoint.Name != name)))
        {
            yield return $"UseRabbitMQ: Queue(\"{name}\", ...) is for an endpoint that there is not: there are {string.Join(", ", topology.Endpoints.Select(endpoint => endpoint.Name))}.";
        }

        foreach (var (name, queue) in topology.Endpoints.Select(endpoint => (endpoint.Name, QueueOf(endpoint.Name))).Where(each => each.Item2.Partitions is < 2 or > OutboxOptions.Buckets))
        {
            yield return $"UseRabbitMQ: the queue of '{name}' has {queue.Partitions} Partitions: set it between 2 and {OutboxOptions.Buckets}.";
        }

        foreach (var name in topology.Types.Select(type => type.Name).Concat(topology.Endpoints.Select(endpoint => endpoint.Name))
                     .Where(name => $"{Prefix}{name}".StartsWith("amq.", StringComparison.OrdinalIgnoreCase)))
        {
            yield return $"UseRabbitMQ: '{name}' begins with \"amq.\", which RabbitMQ keeps for itself: rename it, or set Prefix.";
        }
    }
}
