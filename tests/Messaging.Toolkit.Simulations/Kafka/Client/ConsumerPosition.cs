using Confluent.Kafka;
using Messaging.Toolkit.Simulations.Kafka.Server;

namespace Messaging.Toolkit.Simulations.Kafka.Client;

/// <summary>Where a consumer is in a partition, from its assignment to its release.</summary>
/// <param name="log">The partition.</param>
/// <param name="member">As whom it has got it.</param>
/// <param name="from">Where it begins.</param>
internal sealed class ConsumerPosition(PartitionLog log, Guid member, long from)
{
    private readonly Queue<LogRecord> fetched = [];
    private long next = from;

    public PartitionLog Log => log;

    public TopicPartition Partition => log.Partition;

    public Guid Member => member;

    /// <summary>Where to fetch from.</summary>
    public long FetchFrom => next + fetched.Count;

    /// <summary>Over which more was asked for, and has not come yet.</summary>
    public KafkaConnection? Fetching { get; set; }

    /// <summary>Answers to what was asked for before do not count any more.</summary>
    public int Version { get; private set; }

    public bool IsPaused { get; private set; }

    /// <summary>Nothing more comes of it.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Where the group is to go on.</summary>
    public long Stored { get; set; } = from;

    /// <summary>Where it goes on as far as it is known.</summary>
    public long Committed { get; set; } = from;

    public bool HasNext => fetched.Count > 0 && !IsPaused && !IsClosed;

    public bool MayFetch => Fetching is null && fetched.Count == 0 && !IsPaused && !IsClosed;

    /// <summary>Begins somewhere else than the group says, and tells it so.</summary>
    public void BeginAt(long offset) => next = Stored = offset;

    public void Add(IEnumerable<LogRecord> records)
    {
        foreach (var record in records)
        {
            fetched.Enqueue(record);
        }
    }

    public ConsumeResult<byte[]?, byte[]?> Take() => fetched.Dequeue().At(Partition, next++);

    /// <summary>What was fetched is thrown away, as the client does it.</summary>
    public void Pause()
    {
        IsPaused = true;
        Forget();
    }

    public void Resume() => IsPaused = false;

    /// <summary>Asks for it anew.</summary>
    public void Forget()
    {
        fetched.Clear();
        Fetching = null;
        Version++;
    }
}
