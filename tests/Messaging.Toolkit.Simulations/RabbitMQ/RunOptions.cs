using Messaging.Toolkit.RabbitMQ;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Simulations.RabbitMQ;

/// <summary>How the transport is configured in a run: another way in each.</summary>
internal sealed record RunOptions
{
    public required QueueType Type { get; init; }

    public required QueueConsumers Consumers { get; init; }

    public required int Partitions { get; init; }

    public required TimeSpan ConfirmTimeout { get; init; }

    public required int UnconfirmedPerKey { get; init; }

    /// <summary>From how many messages on the queues refuse more.</summary>
    public required int? MaxLength { get; init; }

    public bool IsImpatient => ConfirmTimeout < TimeSpan.FromSeconds(10);

    public static RunOptions For(ulong seed, FaultRates rates)
    {
        var random = SeededRandom.For(seed, "rabbitmq options");
        var type = random.Pick([QueueType.Quorum, QueueType.Quorum, QueueType.Classic]);
        var timeout = random.Pick([TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2)]);
        var perKey = random.Pick([1, 1, 5]);
        int? maxLength = random.Chance(0.15) ? 3 : null;

        // Where queues refuse messages, or are gone, a key has its order only if one is unconfirmed at a time.
        var refuses = maxLength is not null || rates[FaultKind.Returned] > 0 || rates[FaultKind.QueueDeleted] > 0;
        return new RunOptions
        {
            Type = type,
            Consumers = random.Pick([QueueConsumers.SingleActive, QueueConsumers.Partitioned]),
            Partitions = random.Pick([2, 3, 8]),
            ConfirmTimeout = timeout,
            UnconfirmedPerKey = refuses ? 1 : perKey,
            MaxLength = maxLength,
        };
    }

    public void Apply(RabbitMQOptions rabbit)
    {
        rabbit.ConfirmTimeout = ConfirmTimeout;
        rabbit.UnconfirmedPerKey = UnconfirmedPerKey;
        rabbit.Queues.Type = Type;
        rabbit.Queues.Consumers = Consumers;
        rabbit.Queues.Partitions = Partitions;
        if (MaxLength is { } length)
        {
            rabbit.Queues.Arguments["x-max-length"] = length;
            rabbit.Queues.Arguments["x-overflow"] = "reject-publish";
        }
    }
}
