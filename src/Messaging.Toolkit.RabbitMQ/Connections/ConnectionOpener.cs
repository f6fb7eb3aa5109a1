using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Connections;

/// <summary>
/// Opens connections and ends them. Each sender and each receiver has one of its own: a broker that is short of memory stops
/// reading from those that publish, and acknowledgements must not be stuck behind that.
/// </summary>
internal sealed class ConnectionOpener(RabbitMQOptions options, TimeProvider time)
{
    /// <summary>How long a connection may take to close politely: what it has not settled comes again anyway.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(4);

    /// <summary>A broker that has vanished without a word is noticed after two of these.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    /// <summary>Opens a connection and what is needed on it; if anything of that fails it is closed again.</summary>
    /// <exception cref="MessagingException">There is no connection, or the broker does not let us do that. It says why.</exception>
    public async Task<T> OpenAsync<T>(string purpose, Func<IConnection, Task<T>> use, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = options.Uri, RequestedHeartbeat = Heartbeat };
        options.Connection?.Invoke(factory);

        // Whoever works with a connection is replaced together with it. A client that recovers by itself would bring back
        // channels whose deliveries are another process's by then.
        factory.AutomaticRecoveryEnabled = false;
        factory.TopologyRecoveryEnabled = false;

        // The client waits for ever for the first word of a host that has accepted the connection.
        using var silence = new CancellationTokenSource(factory.RequestedConnectionTimeout + factory.HandshakeContinuationTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        IConnection? connection = null;
        try
        {
            connection = await options.Open(factory, $"{factory.ClientProvidedName ?? AppDomain.CurrentDomain.FriendlyName}: {purpose}", limit.Token).WaitAsync(limit.Token);
            return await use(connection);
        }
        catch (Exception exception)
        {
            if (connection is not null)
            {
                await CloseAsync(connection, time);
            }

            cancellationToken.ThrowIfCancellationRequested();
            throw exception is MessagingException ? exception : new MessagingException(
                $"No connection to RabbitMQ at {Where(factory)}, virtual host '{factory.VirtualHost}': {(silence.IsCancellationRequested ? "it does not answer." : Reason(exception))}", exception);
        }
    }

    /// <summary>
    /// Ends a connection, whatever state it is in. The client sometimes waits for ever for a broker that died while it was being
    /// written to; then what is left of the connection is left behind.
    /// </summary>
    public static async Task CloseAsync(IConnection connection, TimeProvider time) => await AtMostAsync(AbortAsync(connection), time);

    /// <summary>Waits for the end of something that may never end.</summary>
    public static Task AtMostAsync(Task ending, TimeProvider time) => Task.WhenAny(ending, Task.Delay(LongestEnd, time));

    private static async Task AbortAsync(IConnection connection)
    {
        // It may run on the thread of the caller until it first waits, and it need not wait at all.
        await Task.Yield();
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
