using Messaging.Toolkit.Inspection;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Connections;
using Messaging.Toolkit.RabbitMQ.Receiving;
using Messaging.Toolkit.RabbitMQ.Sending;
using Messaging.Toolkit.RabbitMQ.Topology;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.RabbitMQ;

/// <summary>
/// RabbitMQ. Everything that is sent is one destination to the outbox, because one channel keeps the order of a key over all
/// exchanges and queues: events of different types overtake each other no more than events of one.
/// </summary>
internal sealed class RabbitMQTransport(RabbitMQOptions options, MessageTopology topology, MessageIds ids, TimeProvider time, ILogger logger) : ITransport
{
    private const string Destination = "rabbitmq";

    private static readonly string[] Destinations = [Destination];

    private readonly ConnectionOpener connections = new(options, time);
    private readonly BrokerTopology broker = new(options, topology, logger);
    private readonly BrokerLimits limits = new(time);

    public string Name => "rabbitmq";

    public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => Destinations;

    public string GetDestination(string endpoint) => Destination;

    public async ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken)
        => await connections.OpenAsync("sender", async connection =>
        {
            await broker.DeclareAllAsync(connection, cancellationToken);
            return await RabbitMQSender.OpenAsync(connection, broker, limits, options, time, logger, cancellationToken);
        }, cancellationToken);

    public async ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken)
        => await connections.OpenAsync(endpoint, async connection =>
        {
            await broker.DeclareAsync(connection, endpoint, cancellationToken);
            var reader = new EnvelopeReader(endpoint, options.MapForeign, ids, time, logger);
            if (broker.QueuesOf(endpoint) is [var only])
            {
                return await RabbitMQReceiver.OpenAsync(connection, only, prefetch, reader, time, cancellationToken);
            }

            var presence = await connections.OpenAsync(
                $"{endpoint}, presence", own => Presence.OpenAsync(own, broker.PresenceOf(endpoint), ids.New(), time, cancellationToken), cancellationToken);
            try
            {
                return await RabbitMQReceiver.OpenAsync(connection, presence, broker.QueuesOf(endpoint), prefetch, reader, time, logger, cancellationToken);
            }
            catch
            {
                await presence.DisposeAsync();
                throw;
            }
        }, cancellationToken);

    public async Task<IReadOnlyList<Finding>> ExamineAsync(CancellationToken cancellationToken)
        => await connections.OpenAsync("examination", async connection =>
        {
            var findings = await new BrokerExamination(options, broker, [.. topology.Endpoints.Select(endpoint => endpoint.Name)], Name).RunAsync(connection, cancellationToken);
            await ConnectionOpener.CloseAsync(connection, time);
            return findings;
        }, cancellationToken);
}
