using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Toolkit.RabbitMQ.Connections;

/// <summary>
/// Opens connections and ends them. Each sender and each receiver has one of its own: a broker that is short of memory stops
/// reading from those that publish, and acknowledgements must not be stuck behind that.
/// </summary>
internal sealed class ConnectionOpener(RabbitMQOptions options)
{
    /// <summary>How long a connection may take to close politely: what it has not settled comes again anyway.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>A broker that has vanished without a word is noticed after two of these.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    public async Task<IConnection> OpenAsync(string purpose, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = options.Uri, RequestedHeartbeat = Heartbeat };
        options.Connection?.Invoke(factory);

        // Whoever works with a connection is replaced together with it. A client that recovers by itself would bring back
        // channels whose deliveries are another process's by then.
        factory.AutomaticRecoveryEnabled = false;
        factory.TopologyRecoveryEnabled = false;
        var name = $"{factory.ClientProvidedName ?? AppDomain.CurrentDomain.FriendlyName}: {purpose}";
        try
        {
            return options.Hosts.Count == 0
                ? await factory.CreateConnectionAsync(name, cancellationToken)
                : await factory.CreateConnectionAsync(options.Hosts, name, cancellationToken);
        }
        catch (Exception exception) when (exception is BrokerUnreachableException or OperationInterruptedException)
        {
            throw new MessagingException($"No connection to RabbitMQ at {Where(factory)}, virtual host '{factory.VirtualHost}': {Reason(exception)}", exception);
        }
    }

    /// <summary>Ends a connection, whatever state it is in.</summary>
    public static async Task CloseAsync(IConnection connection)
    {
        await connection.AbortAsync(Patience);
        await connection.DisposeAsync();
    }

    private string Where(ConnectionFactory factory)
        => options.Hosts.Count == 0 ? $"{factory.HostName}:{factory.Endpoint.Port}" : string.Join(", ", options.Hosts.Select(host => $"{host.HostName}:{host.Port}"));

    private static string Reason(Exception exception)
    {
        var inner = exception;
        while ((inner as AggregateException)?.InnerExceptions.FirstOrDefault() is { } first || (first = inner.InnerException) is not null)
        {
            inner = first;
        }

        return inner.Message;
    }
}
