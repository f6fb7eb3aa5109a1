using Messaging.Toolkit.Kafka.Topics;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>Clients over librdkafka. Each sender and each receiver has one of its own, and ends with it.</summary>
internal sealed class ConfluentClients(KafkaOptions options, TimeProvider time, ILogger logger) : IKafkaClients
{
    /// <summary>How long a client may take to end politely: what it has not told the broker is told by the next one, or comes again.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(4);

    public async ValueTask<(IProducerClient Client, IReadOnlyDictionary<string, string> Troubles)> OpenProducerAsync(
        IReadOnlyCollection<TopicPlan> topics, IProducerEvents events, CancellationToken cancellationToken)
    {
        var producer = new ConfluentProducer(options, events, EndAsync, logger);
        return (producer, await OpenAsync(producer, () => producer.Open(topics), cancellationToken));
    }

    public async ValueTask<IConsumerClient> OpenConsumerAsync(
        string group, IReadOnlyCollection<TopicPlan> topics, IConsumerEvents events, CancellationToken cancellationToken)
    {
        var consumer = new ConfluentConsumer(group, options, events, EndAsync, time, logger);
        if ((await OpenAsync(consumer, () => consumer.Open(topics), cancellationToken)).FirstOrDefault() is { Key: { } topic, Value: var reason })
        {
            await consumer.DisposeAsync();
            throw new MessagingException($"The topic '{topic}' cannot be received from: {reason}.");
        }

        return consumer;
    }

    /// <summary>Waits no longer than it may be worth for the end of a client.</summary>
    private async Task EndAsync(Task end) => await Task.WhenAny(end, Task.Delay(LongestEnd, time));

    private static async Task<T> OpenAsync<T>(IAsyncDisposable client, Func<T> open, CancellationToken cancellationToken)
    {
        var opening = ClientThread.CallAsync("kafka: connect", open);
        try
        {
            return await opening.WaitAsync(cancellationToken);
        }
        catch
        {
            _ = EndLaterAsync();
            throw;
        }

        // The call cannot be given up, and the client must not end under it.
        async Task EndLaterAsync()
        {
            await Task.WhenAny(opening);
            await client.DisposeAsync();
        }
    }
}
