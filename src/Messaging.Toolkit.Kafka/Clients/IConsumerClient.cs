using Confluent.Kafka;

namespace Messaging.Toolkit.Kafka.Clients;

/// <summary>A member of a group. Thread-safe. Whatever is asked for a partition that is not its own any more has no effect.</summary>
internal interface IConsumerClient : IAsyncDisposable
{
    /// <summary>Lets no more come of a partition, until <see cref="Resume"/>.</summary>
    void Pause(TopicPartition partition);

    /// <summary>Lets it come again, from where it was paused.</summary>
    void Resume(TopicPartition partition);

    /// <summary>Remembers where the group goes on in a partition. It is told to the broker soon, and before the partition is released.</summary>
    void Store(TopicPartitionOffset next);
}

/// <summary>What a consuming client tells, from a thread of its own, one thing after the other.</summary>
internal interface IConsumerEvents
{
    /// <summary>
    /// Partitions have come, beside those that are there. There may be none: then others have them all. Nothing is fetched of them before the task has completed, with where to
    /// begin in each: <see cref="Offset.Unset"/> for where the group is, as Kafka knows it.
    /// </summary>
    Task<IReadOnlyCollection<TopicPartitionOffset>> OnAssigned(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>
    /// Partitions are to be given up. Nothing more comes of them. They are released when the task has completed or the patience has come to its end: then
    /// <see cref="OnReleased"/> follows.
    /// </summary>
    Task OnRevoked(IReadOnlyCollection<TopicPartition> partitions);

    /// <summary>Partitions have been released after <see cref="OnRevoked"/>, or are somebody else's already.</summary>
    void OnReleased(IReadOnlyCollection<TopicPartition> partitions, bool areLost);

    /// <summary>A message has come. Those of a partition come in order.</summary>
    void OnRecord(ConsumeResult<byte[]?, byte[]?> record);

    /// <summary>The client is of no use any more.</summary>
    void OnBroken(Exception exception);
}
