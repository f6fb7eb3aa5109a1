using System.Globalization;
using System.Text;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Toolkit.RabbitMQ.Topology;

/// <summary>
/// What there is in the broker for this application: a topic exchange for each event and for what is sent to each endpoint alone, the queues
/// of each endpoint, bound to its own exchange and to those of the events that it handles, and a place for what the broker itself gives up. A colon is in no
/// name of the application's, so that names that are made here cannot be taken already.
/// </summary>
internal sealed class BrokerTopology(RabbitMQOptions options, MessageTopology topology, ILogger logger)
{
    private static readonly string[] Buckets = [.. Enumerable.Range(0, OutboxOptions.Buckets).Select(bucket => bucket.ToString(CultureInfo.InvariantCulture))];

    /// <summary>By type, one for each bucket.</summary>
    private readonly Dictionary<string, Route[]> routes = topology.Types.Select(type => (Type: type, IsKnown: true)).Concat(topology.Elsewhere.Select(type => (Type: type, IsKnown: false))).ToDictionary(
        each => each.Type.Name,
        each => Buckets.Select(bucket => new Route(ExchangeOf(options, each.Type), bucket, each.Type.Kind == MessageKind.Event, each.IsKnown)).ToArray(),
        StringComparer.Ordinal);

    private readonly HashSet<string> exchanges = topology.Types.Select(type => ExchangeOf(options, type))
        .Concat(topology.Endpoints.Select(endpoint => ExchangeOf(options, endpoint.Name))).ToHashSet(StringComparer.Ordinal);

    /// <summary>Where messages end that the broker gives up, which it does only if somebody has told it to: a policy, a limit.</summary>
    private string LastResort => options.Prefix + "dead-letters";

    /// <summary>The fanout exchange by which the processes of an endpoint know of each other.</summary>
    public string PresenceOf(string endpoint) => $"{options.Prefix}{endpoint}:presence/{options.QueueOf(endpoint).Partitions}";

    /// <summary>The queues of an endpoint: one, or one for each partition.</summary>
    public IReadOnlyList<string> QueuesOf(string endpoint)
        => options.QueueOf(endpoint) is { Consumers: QueueConsumers.Partitioned, Partitions: var partitions }
            ? [.. Enumerable.Range(0, partitions).Select(partition => $"{options.Prefix}{endpoint}:{partition}/{partitions}")]
            : [options.Prefix + endpoint];

    /// <summary>
    /// Where a message is published to: to its recipient alone, if it has one, or else to all that its type is for; null if nobody
    /// knows the type any more. The routing key is the bucket of its
    /// key, "0" to "63": the same for all messages of a key, so that queues can be bound to a share of the keys.
    /// </summary>
    public Route? RouteOf(MessageEnvelope envelope)
    {
        var bucket = envelope.Key is { } key ? MessageKeys.Bucket(key, Buckets.Length) : MessageKeys.Bucket(envelope.Id, Buckets.Length);
        return envelope.Recipient is { } endpoint ? RouteTo(endpoint, bucket) : routes.GetValueOrDefault(envelope.Type)?[bucket];
    }

    /// <summary>The endpoint may be another application's, which declares its exchange itself.</summary>
    private Route RouteTo(string endpoint, int bucket)
    {
        var exchange = ExchangeOf(options, endpoint);
        return new Route(exchange, Buckets[bucket], IsEvent: false, exchanges.Contains(exchange));
    }

    /// <summary>Declares what an endpoint needs to receive, if that is wanted. What is there already as it should be is left alone.</summary>
    /// <exception cref="MessagingException">Something is there already, and different.</exception>
    public async Task DeclareAsync(IConnection connection, string endpoint, CancellationToken cancellationToken)
    {
        if (!options.DeclareTopology)
        {
            return;
        }

        await DeclareExchangesAsync(connection, cancellationToken);
        foreach (var queue in QueuesOf(endpoint))
        {
            await DeclareQueueAsync(connection, endpoint, queue, cancellationToken);
        }

        await BindAsync(connection, topology.Endpoints.Single(each => each.Name == endpoint), cancellationToken);
    }

    /// <summary>
    /// Declares what a sender needs, if that is wanted: the queues of all endpoints too, since the broker confirms an event as soon as one
    /// queue has it, and an endpoint whose queue is missing then would never get it. A queue that is there already, and different, is bound all
    /// the same, and keeps nothing from the others. Whatever else goes wrong is thrown: nothing may be sent before it is mended.
    /// </summary>
    /// <exception cref="MessagingException">An exchange is there already, and different.</exception>
    public async Task DeclareAllAsync(IConnection connection, CancellationToken cancellationToken)
    {
        if (!options.DeclareTopology)
        {
            return;
        }

        await DeclareExchangesAsync(connection, cancellationToken);
        foreach (var endpoint in topology.Endpoints)
        {
            foreach (var queue in QueuesOf(endpoint.Name))
            {
                try
                {
                    await DeclareQueueAsync(connection, endpoint.Name, queue, cancellationToken);
                }
                catch (DifferentlyDeclaredException exception)
                {
                    logger.NotDeclared(endpoint.Name, exception);
                }
            }

            await BindAsync(connection, endpoint, cancellationToken);
        }
    }

    private Task DeclareExchangesAsync(IConnection connection, CancellationToken cancellationToken)
        => OnChannelAsync(connection, async (channel, begin) =>
        {
            begin($"The exchange and the queue '{LastResort}'");
            await channel.ExchangeDeclareAsync(LastResort, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
            await channel.QueueDeclareAsync(LastResort, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellationToken);
            await channel.QueueBindAsync(LastResort, LastResort, "", cancellationToken: cancellationToken);
            foreach (var exchange in exchanges)
            {
                begin($"The exchange '{exchange}'");
                await channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
            }
        }, cancellationToken);

    private Task DeclareQueueAsync(IConnection connection, string endpoint, string queue, CancellationToken cancellationToken)
        => OnChannelAsync(connection, async (channel, begin) =>
        {
            begin($"The queue '{queue}'");
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, Arguments(options.QueueOf(endpoint), Major(connection)), cancellationToken: cancellationToken);
        }, cancellationToken);

    private Task BindAsync(IConnection connection, EndpointTopology endpoint, CancellationToken cancellationToken)
        => OnChannelAsync(connection, async (channel, begin) =>
        {
            var queues = QueuesOf(endpoint.Name);
            for (var i = 0; i < queues.Count; i++)
            {
                await BindAsync(channel, queues[i], endpoint, queues.Count == 1 ? ["#"] : Buckets.Where((_, bucket) => bucket % queues.Count == i), cancellationToken);
            }

            if (queues.Count > 1)
            {
                begin($"The exchange '{PresenceOf(endpoint.Name)}'");
                await channel.ExchangeDeclareAsync(PresenceOf(endpoint.Name), ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
            }
        }, cancellationToken);

    private static async Task OnChannelAsync(IConnection connection, Func<IChannel, Action<string>, Task> declare, CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var what = "";
        try
        {
            await declare(channel, next => what = next);
            await channel.CloseAsync(cancellationToken);
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: Constants.PreconditionFailed } reason)
        {
            throw new DifferentlyDeclaredException(
                $"{what} exists and is not as it is configured here: {reason.ReplyText}. Delete it, change the configuration (UseRabbitMQ: Queues, Queue), or set DeclareTopology to false.", exception);
        }
        finally
        {
            await channel.DisposeAsync();
        }
    }

    private async Task BindAsync(IChannel channel, string queue, EndpointTopology endpoint, IEnumerable<string> routingKeys, CancellationToken cancellationToken)
    {
        var sources = endpoint.Types.Select(type => ExchangeOf(options, type)).Append(ExchangeOf(options, endpoint.Name)).Distinct(StringComparer.Ordinal);
        foreach (var (exchange, routingKey) in sources.SelectMany(_ => routingKeys, (exchange, routingKey) => (exchange, routingKey)))
        {
            // Without a round trip for each of 64 buckets; what goes wrong is told to the next that has one.
            await channel.QueueBindAsync(queue, exchange, routingKey, noWait: true, cancellationToken: cancellationToken);
        }
    }

    private Dictionary<string, object?> Arguments(RabbitMQQueueOptions queue, int version)
    {
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["x-queue-type"] = queue.Type == QueueType.Quorum ? "quorum" : "classic",
            ["x-dead-letter-exchange"] = LastResort,
        };
        if (queue.Consumers != QueueConsumers.Competing)
        {
            arguments["x-single-active-consumer"] = true;
        }

        // From version 4 on the broker gives up what has come twenty times. How often a message is tried is ours to decide.
        if (queue.Type == QueueType.Quorum && version >= 4)
        {
            arguments["x-delivery-limit"] = -1;
        }

        foreach (var (name, value) in queue.Arguments)
        {
            arguments[name] = value;
        }

        return arguments;
    }

    private static string ExchangeOf(RabbitMQOptions options, MessageType type)
        => type.Kind == MessageKind.Command ? ExchangeOf(options, type.Endpoint!) : options.Prefix + type.Name;

    /// <summary>The exchange for what one endpoint alone gets: its commands, and what else is sent to it by name.</summary>
    private static string ExchangeOf(RabbitMQOptions options, string endpoint) => $"{options.Prefix}{endpoint}:commands";

    private static int Major(IConnection connection)
        => int.TryParse(VersionOf(connection)?.Split('.')[0], out var major) ? major : 0;

    /// <summary>What the broker says that it is; null if it does not.</summary>
    public static string? VersionOf(IConnection connection)
        => connection.ServerProperties?.TryGetValue("version", out var value) == true && value is byte[] text ? Encoding.ASCII.GetString(text) : null;
}

/// <summary>Where a message is published to.</summary>
/// <param name="Exchange">The exchange.</param>
/// <param name="RoutingKey">What with.</param>
/// <param name="IsEvent">Whether it is for whoever subscribes.</param>
/// <param name="IsKnown">Whether the exchange is one of this application's configuration. Those that it declares are there a moment after they were missing.</param>
internal sealed record Route(string Exchange, string RoutingKey, bool IsEvent, bool IsKnown);

/// <summary>Something is in the broker already, and different. It stays so until somebody changes it.</summary>
internal sealed class DifferentlyDeclaredException(string message, Exception innerException) : MessagingException(message, innerException);
