using System.Globalization;
using System.Text;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Transports;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Toolkit.RabbitMQ.Topology;

/// <summary>
/// What there is in the broker for this application: a topic exchange for each event, a queue for each endpoint, bound to the
/// exchanges of its events, and a place for what the broker itself gives up.
/// </summary>
internal sealed class BrokerTopology(RabbitMQOptions options, MessageTopology topology)
{
    private static readonly string[] Buckets = [.. Enumerable.Range(0, OutboxOptions.Buckets).Select(bucket => bucket.ToString(CultureInfo.InvariantCulture))];

    /// <summary>By type: one for a command, one for each bucket for an event.</summary>
    private readonly Dictionary<string, Route[]> routes = topology.Types.ToDictionary(
        type => type.Name,
        type => type.Kind == MessageKind.Command
            ? [new Route("", options.Prefix + type.Endpoint, IsEvent: false)]
            : Buckets.Select(bucket => new Route(options.Prefix + type.Name, bucket, IsEvent: true)).ToArray(),
        StringComparer.Ordinal);

    /// <summary>Where messages end that the broker gives up, which it does only if somebody has told it to: a policy, a limit.</summary>
    private string LastResort => options.Prefix + "dead-letters";

    public string QueueOf(string endpoint) => options.Prefix + endpoint;

    /// <summary>
    /// Where a message is published to; null if nobody knows its type any more. An event's routing key is the bucket of its
    /// key, "0" to "63": the same for all messages of a key, so that queues can be bound to a share of the keys.
    /// </summary>
    public Route? RouteOf(MessageEnvelope envelope) => routes.GetValueOrDefault(envelope.Type) switch
    {
        null => null,
        [var only] => only,
        var perBucket => perBucket[envelope.Key is { } key ? MessageKeys.Bucket(key, perBucket.Length) : MessageKeys.Bucket(envelope.Id, perBucket.Length)],
    };

    /// <summary>Declares everything, if that is wanted. What is there already as it should be is left alone.</summary>
    /// <exception cref="MessagingException">Something is there already, and different.</exception>
    public async Task DeclareAsync(IConnection connection, CancellationToken cancellationToken)
    {
        if (!options.DeclareTopology)
        {
            return;
        }

        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var what = "";
        try
        {
            what = $"The exchange and the queue '{LastResort}'";
            await channel.ExchangeDeclareAsync(LastResort, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
            await channel.QueueDeclareAsync(LastResort, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: cancellationToken);
            await channel.QueueBindAsync(LastResort, LastResort, "", cancellationToken: cancellationToken);
            foreach (var type in topology.Types.Where(type => type.Kind == MessageKind.Event))
            {
                what = $"The exchange '{options.Prefix + type.Name}'";
                await channel.ExchangeDeclareAsync(options.Prefix + type.Name, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
            }

            foreach (var endpoint in topology.Endpoints)
            {
                what = $"The queue '{QueueOf(endpoint.Name)}'";
                await DeclareAsync(channel, endpoint, Major(connection), cancellationToken);
            }

            await channel.CloseAsync(cancellationToken);
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: Constants.PreconditionFailed } reason)
        {
            throw new MessagingException(
                $"{what} exists and is not as it is configured here: {reason.ReplyText}. Delete it, change the configuration (UseRabbitMQ: Queues, Queue), or set DeclareTopology to false.", exception);
        }
        finally
        {
            await channel.DisposeAsync();
        }
    }

    private async Task DeclareAsync(IChannel channel, EndpointTopology endpoint, int version, CancellationToken cancellationToken)
    {
        var queue = QueueOf(endpoint.Name);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, Arguments(options.QueueOf(endpoint.Name), version), cancellationToken: cancellationToken);
        foreach (var type in endpoint.Types.Where(type => type.Kind == MessageKind.Event))
        {
            await channel.QueueBindAsync(queue, options.Prefix + type.Name, "#", cancellationToken: cancellationToken);
        }
    }

    private Dictionary<string, object?> Arguments(RabbitMQQueueOptions queue, int version)
    {
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["x-queue-type"] = queue.Type == QueueType.Quorum ? "quorum" : "classic",
            ["x-dead-letter-exchange"] = LastResort,
        };
        if (queue.Consumers == QueueConsumers.SingleActive)
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

    private static int Major(IConnection connection)
        => connection.ServerProperties?.TryGetValue("version", out var value) == true && value is byte[] text
           && int.TryParse(Encoding.ASCII.GetString(text).Split('.')[0], out var major) ? major : 0;
}

/// <summary>Where a message is published to.</summary>
/// <param name="Exchange">The exchange; empty for the default one, which leads to the queue of that name.</param>
/// <param name="RoutingKey">What with.</param>
/// <param name="IsEvent">Whether it is for whoever subscribes.</param>
internal sealed record Route(string Exchange, string RoutingKey, bool IsEvent);
