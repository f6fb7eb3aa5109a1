using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Client;

/// <summary>What the transport does not use.</summary>
internal sealed partial class ClientChannel
{
    public event AsyncEventHandler<CallbackExceptionEventArgs> CallbackExceptionAsync { add { } remove { } }

    public event AsyncEventHandler<FlowControlEventArgs> FlowControlAsync { add { } remove { } }

    public IAsyncBasicConsumer? DefaultConsumer { get; set; }

    public string? CurrentQueue => throw new NotSupportedException();

    public TimeSpan ContinuationTimeout { get; set; }

    public ValueTask<ulong> GetNextPublishSequenceNumberAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<BasicGetResult?> BasicGetAsync(string queue, bool autoAck, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask BasicPublishAsync<TProperties>(
        CachedString exchange, CachedString routingKey, bool mandatory, TProperties basicProperties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        where TProperties : IReadOnlyBasicProperties, IAmqpHeader => throw new NotSupportedException();

    public Task ExchangeDeleteAsync(string exchange, bool ifUnused = false, bool noWait = false, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task ExchangeBindAsync(string destination, string source, string routingKey, IDictionary<string, object?>? arguments = null, bool noWait = false, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();

    public Task ExchangeUnbindAsync(string destination, string source, string routingKey, IDictionary<string, object?>? arguments = null, bool noWait = false, CancellationToken cancellationToken = default)
        => throw new NotSupportedException();

    public Task<uint> QueuePurgeAsync(string queue, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task TxCommitAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task TxRollbackAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task TxSelectAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
