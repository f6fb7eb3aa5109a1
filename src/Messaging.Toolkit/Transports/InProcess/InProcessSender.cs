using System.Threading.Channels;

namespace Messaging.Toolkit.Transports.InProcess;

internal sealed class InProcessSender(InProcessTransport transport) : ISender
{
    private const int MaxResults = 1000;

    private readonly Channel<SendResult> results = Channel.CreateUnbounded<SendResult>(new() { SingleReader = true });
    private readonly Lock gate = new();

    /// <summary>Of these something was given back, and nothing may overtake it.</summary>
    private readonly HashSet<(string Destination, string Key)> returned = [];

    /// <summary>Whether there are such: hardly ever, and each message asks.</summary>
    private volatile bool isReturning;

    public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
    {
        foreach (var message in messages)
        {
            if (message is { ResumesKey: true, Envelope.Key: { } key })
            {
                Resume((message.Destination, key));
            }

            transport.QueueOf(message.Destination).Writer.TryWrite(new InProcessDelivery(message, this));
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

    /// <summary>Whether one of the message's key was given back, and the key has not been resumed.</summary>
    public bool IsReturning(in TransportMessage message)
    {
        if (!isReturning || message.Envelope.Key is not { } key)
        {
            return false;
        }

        lock (gate)
        {
            return returned.Contains((message.Destination, key));
        }
    }

    public void Report(in TransportMessage message, Settlement settlement)
    {
        if (settlement == Settlement.Abandon && message.Envelope.Key is { } key)
        {
            lock (gate)
            {
                isReturning = returned.Add((message.Destination, key)) || isReturning;
            }
        }

        results.Writer.TryWrite(new SendResult(message.Token, settlement == Settlement.Done ? SendStatus.Confirmed : SendStatus.Returned));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Resume((string Destination, string Key) line)
    {
        lock (gate)
        {
            returned.Remove(line);
            isReturning = returned.Count > 0;
        }
    }
}
