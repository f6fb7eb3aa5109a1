using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Client;

/// <summary>What the transport does not use.</summary>
internal sealed partial class ClientConnection
{
    public event AsyncEventHandler<CallbackExceptionEventArgs> CallbackExceptionAsync { add { } remove { } }

    public event AsyncEventHandler<AsyncEventArgs> RecoverySucceededAsync { add { } remove { } }

    public event AsyncEventHandler<ConnectionRecoveryErrorEventArgs> ConnectionRecoveryErrorAsync { add { } remove { } }

    public event AsyncEventHandler<ConsumerTagChangedAfterRecoveryEventArgs> ConsumerTagChangeAfterRecoveryAsync { add { } remove { } }

    public event AsyncEventHandler<QueueNameChangedAfterRecoveryEventArgs> QueueNameChangedAfterRecoveryAsync { add { } remove { } }

    public event AsyncEventHandler<RecoveringConsumerEventArgs> RecoveringConsumerAsync { add { } remove { } }

    public int LocalPort => throw new NotSupportedException();

    public int RemotePort => throw new NotSupportedException();

    public ushort ChannelMax => throw new NotSupportedException();

    public IDictionary<string, object?> ClientProperties => throw new NotSupportedException();

    public AmqpTcpEndpoint Endpoint => throw new NotSupportedException();

    public TimeSpan Heartbeat => throw new NotSupportedException();

    public IProtocol Protocol => throw new NotSupportedException();

    public IEnumerable<ShutdownReportEntry> ShutdownReport => throw new NotSupportedException();

    public Task UpdateSecretAsync(string newSecret, string reason, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
