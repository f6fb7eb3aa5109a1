using Confluent.Kafka;

namespace Messaging.Toolkit.Benchmarks.Brokers.Kafka;

/// <summary>Produces with Confluent.Kafka as fast as it can be told to, with the properties that the toolkit sets. A message that fails ends it.</summary>
internal sealed class KafkaSender(string servers, string topic) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IProducer<byte[], byte[]> producer = new ProducerBuilder<byte[], byte[]>(Properties(servers)).SetLogHandler((_, _) => { }).Build();

    /// <summary>Produces messages and waits until each is confirmed.</summary>
    public async Task SendAsync(IReadOnlyList<Message<byte[], byte[]>> messages)
    {
        if (messages.Count == 0)
        {
            return;
        }

        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var confirmed = 0;
        Action<DeliveryReport<byte[], byte[]>> delivered = report =>
        {
            if (report.Error.IsError)
            {
                end.TrySetException(new KafkaException(report.Error));
            }
            else if (++confirmed == messages.Count)
            {
                end.TrySetResult();
            }
        };
        foreach (var message in messages)
        {
            while (!TryProduce(message, delivered))
            {
                // The client's own queue is full. Reports empty it, on the client's thread.
                await Task.WhenAny(end.Task, Task.Delay(1));
            }
        }

        await end.Task.WaitAsync(Patience);
    }

    public void Dispose() => producer.Dispose();

    private bool TryProduce(Message<byte[], byte[]> message, Action<DeliveryReport<byte[], byte[]>> delivered)
    {
        try
        {
            producer.Produce(topic, message, delivered);
            return true;
        }
        catch (ProduceException<byte[], byte[]> exception) when (exception.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
    }

    private static Dictionary<string, string> Properties(string servers) => new()
    {
        ["bootstrap.servers"] = servers,
        ["linger.ms"] = "5",
        ["partitioner"] = "murmur2_random",
        ["message.max.bytes"] = "2097152",
        ["acks"] = "all",
        ["enable.idempotence"] = "true",
        ["enable.gapless.guarantee"] = "true",
        ["message.timeout.ms"] = "0",
        ["dotnet.producer.delivery.report.fields"] = "none",
    };
}
