using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Sending;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>
/// Sends in the order of the calls, without gaps: when a message of a partition fails for good, nothing later of that partition is sent any more
/// and <see cref="IProducerEvents.OnBroken"/> follows. Whatever may pass is tried again for as long as it takes.
/// </summary>
internal interface IProducerClient : IAsyncDisposable
{
    /// <summary>Takes a message; its end is told by <see cref="IProducerEvents.OnDelivered"/>, never inside of this call.</summary>
    /// <returns>No error, or why it was not taken. <see cref="ErrorCode.Local_QueueFull"/>: there is room when others have been delivered.</returns>
    Error Produce(SentMessage message);
}

/// <summary>What a producing client tells, from a thread of its own, one thing after the other.</summary>
internal interface IProducerEvents
{
    /// <summary>A message was delivered, or never will be.</summary>
    void OnDelivered(SentMessage message, Error error);

    /// <summary>The client is of no use any more.</summary>
    void OnBroken(Exception exception);
}
