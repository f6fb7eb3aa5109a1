using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Kafka.Sending;

namespace Messaging.Toolkit.Kafka.Tests.Sending;

/// <summary>A producing client that does what the test says.</summary>
internal sealed class FakeProducer : IProducerClient
{
    /// <summary>What the client has and has not reported.</summary>
    public List<SentMessage> Queue { get; } = [];

    public int Room { get; set; } = int.MaxValue;

    public Dictionary<Guid, ErrorCode> Refused { get; } = [];

    public bool IsDisposed { get; private set; }

    public Error Produce(SentMessage message)
    {
        if (Queue.Count >= Room)
        {
            return new Error(ErrorCode.Local_QueueFull);
        }

        if (Refused.TryGetValue(message.Id, out var code))
        {
            return new Error(code);
        }

        Queue.Add(message);
        return new Error(ErrorCode.NoError);
    }

    /// <summary>Reports the first that many.</summary>
    public void Deliver(IProducerEvents events, int count, ErrorCode code = ErrorCode.NoError)
    {
        foreach (var message in Queue.Take(count).ToList())
        {
            Queue.Remove(message);
            events.OnDelivered(message, new Error(code));
        }
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}
