using System.Threading.Channels;

namespace Messaging.Toolkit.Transports.InProcess;

internal sealed class InProcessSender(InProcessTransport transport) : ISender
{
    private const int MaxResults = 1000;

    private readonly Channel<SendResult> results = Channel.CreateUnbounded<SendResult>(new() { SingleReader = true });

    public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
    {
        foreach (var message in messages)
        {
            transport.QueueOf(message.Destination).Writer.TryWrite(new InProcessDelivery(message, results.Writer));
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken)
    {
        var batch = new List<SendResult> { await results.Reader.ReadAsync(cancellationToken) };
        while (batch.Count < MaxResults && results.Reader.TryRead(out var result))
        {
            batch.Add(result);
        }

        return batch;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
