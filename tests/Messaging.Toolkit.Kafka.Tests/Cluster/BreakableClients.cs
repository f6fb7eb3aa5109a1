using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Kafka.Topics;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Kafka.Tests.Cluster;

/// <summary>Real clients that can be told that they are of no use any more, as the client library does it when it gives up.</summary>
internal sealed class BreakableClients
{
    private readonly Lock gate = new();
    private readonly List<Action> breaks = [];

    public IKafkaClients Over(KafkaOptions options) => new Clients(this, new ConfluentClients(options, TimeProvider.System, NullLogger.Instance));

    /// <summary>Breaks all that have been opened.</summary>
    public void Break()
    {
        lock (gate)
        {
            breaks.ForEach(each => each());
            breaks.Clear();
        }
    }

    private void Add(Action<Exception> onBroken)
    {
        lock (gate)
        {
            breaks.Add(() => onBroken(new MessagingException("broken by a test")));
        }
    }

    private sealed class Clients(BreakableClients owner, IKafkaClients inner) : IKafkaClients
    {
        public async ValueTask<(IProducerClient Client, IReadOnlyDictionary<string, string> Troubles)> OpenProducerAsync(
            IReadOnlyCollection<TopicPlan> topics, IProducerEvents events, CancellationToken cancellationToken)
        {
            var opened = await inner.OpenProducerAsync(topics, events, cancellationToken);
            owner.Add(events.OnBroken);
            return opened;
        }

        public async ValueTask<IConsumerClient> OpenConsumerAsync(string group, IReadOnlyCollection<TopicPlan> topics, IConsumerEvents events, CancellationToken cancellationToken)
        {
            var client = await inner.OpenConsumerAsync(group, topics, events, cancellationToken);
            owner.Add(events.OnBroken);
            return client;
        }
    }
}
