namespace Messaging.Toolkit.Benchmarks.Brokers;

/// <summary>Consumes with the bare client of a broker: what has come is taken as a group.</summary>
internal interface IBareConsumer : IAsyncDisposable
{
    /// <summary>Waits for a message, and takes what else is there.</summary>
    Task<List<ReceivedMessage>> ReceiveAsync(int max);

    /// <summary>Acknowledges a group: the last one that was received.</summary>
    Task AcknowledgeAsync(IReadOnlyList<ReceivedMessage> group);
}
