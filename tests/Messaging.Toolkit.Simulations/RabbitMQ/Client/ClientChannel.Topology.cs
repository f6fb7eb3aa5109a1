using Messaging.Toolkit.Simulations.RabbitMQ.Server;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Client;

/// <summary>Exchanges, queues and bindings.</summary>
internal sealed partial class ClientChannel
{
    public Task ExchangeDeclareAsync(
        string exchange, string type, bool durable, bool autoDelete, IDictionary<string, object?>? arguments = null, bool passive = false, bool noWait = false, CancellationToken cancellationToken = default)
        => DoAsync(() => Broker.DeclareExchange(exchange, type, durable, passive), cancellationToken);

    public Task ExchangeDeclarePassiveAsync(string exchange, CancellationToken cancellationToken = default)
        => ExchangeDeclareAsync(exchange, "", durable: false, autoDelete: false, passive: true, cancellationToken: cancellationToken);

    public Task<QueueDeclareOk> QueueDeclareAsync(
        string queue, bool durable, bool exclusive, bool autoDelete, IDictionary<string, object?>? arguments = null, bool passive = false, bool noWait = false, CancellationToken cancellationToken = default)
    {
        var declaration = new QueueDeclaration(durable, exclusive, autoDelete, arguments?.ToDictionary(StringComparer.Ordinal) ?? []);
        return passive ? QueueDeclarePassiveAsync(queue, cancellationToken) : CallAsync(() => Broker.DeclareQueue(queue, declaration, connection.Server), cancellationToken);
    }

    public Task<QueueDeclareOk> QueueDeclarePassiveAsync(string queue, CancellationToken cancellationToken = default)
        => CallAsync(() => Broker.FindQueue(queue, connection.Server).Counts, cancellationToken);

    public Task<uint> QueueDeleteAsync(string queue, bool ifUnused, bool ifEmpty, bool noWait = false, CancellationToken cancellationToken = default)
        => CallAsync(() =>
        {
            var found = Broker.FindQueue(queue, connection.Server);
            var messages = found.Counts.MessageCount;
            Broker.Delete(found);
            return messages;
        }, cancellationToken);

    public Task QueueBindAsync(string queue, string exchange, string routingKey, IDictionary<string, object?>? arguments = null, bool noWait = false, CancellationToken cancellationToken = default)
    {
        if (!noWait)
        {
            return DoAsync(Bind, cancellationToken);
        }

        ThrowIfClosed();
        Send(Bind);
        return Task.CompletedTask;

        void Bind() => Broker.FindExchange(exchange).Bind(Broker.FindQueue(queue, connection.Server), routingKey);
    }

    public Task QueueUnbindAsync(string queue, string exchange, string routingKey, IDictionary<string, object?>? arguments = null, CancellationToken cancellationToken = default)
        => DoAsync(() => Broker.FindExchange(exchange).Unbind(Broker.FindQueue(queue, connection.Server), routingKey), cancellationToken);

    public Task<uint> MessageCountAsync(string queue, CancellationToken cancellationToken = default)
        => CallAsync(() => Broker.FindQueue(queue, connection.Server).Counts.MessageCount, cancellationToken);

    public Task<uint> ConsumerCountAsync(string queue, CancellationToken cancellationToken = default)
        => CallAsync(() => Broker.FindQueue(queue, connection.Server).Counts.ConsumerCount, cancellationToken);
}
