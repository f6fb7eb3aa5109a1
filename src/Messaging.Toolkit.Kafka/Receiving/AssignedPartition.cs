using Confluent.Kafka;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.Kafka.Receiving;

/// <summary>A partition from its assignment to its release: what waits, what is with the core, and how far it is settled. Not thread-safe.</summary>
/// <param name="partition">Which.</param>
/// <param name="room">How many may wait.</param>
/// <param name="maxAhead">How many may have come since the oldest that is not settled.</param>
/// <param name="position">How far its endpoint is in it, if the database has that.</param>
internal sealed class AssignedPartition(TopicPartition partition, int room, int maxAhead, StreamPosition? position = null)
{
    /// <summary>Twice as many as share a transaction.</summary>
    private const int MostOfStream = 200;

    private readonly LinkedList<KafkaDelivery> waiting = new();
    private readonly SettledOffsets settled = new();
    private bool hasCome;

    public TopicPartition Partition => partition;

    /// <summary>How many deliveries are with the core.</summary>
    public int Out { get; private set; }

    /// <summary>Whether something waits that may be handed out: what somebody else has taken may not.</summary>
    public bool HasWaiting => waiting.First is not null && position is not { IsLost: true };

    /// <summary>The client was told to let no more come.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Nothing more comes of it: it is given up, or it was.</summary>
    public bool IsClosing { get; private set; }

    /// <summary>It is somebody else's, or may be: what is settled now counts no more.</summary>
    public bool IsReleased { get; private set; }

    /// <summary>Whether no more should come at the moment.</summary>
    public bool IsFull => waiting.Count >= room || settled.Count >= maxAhead;

    /// <summary>Whether there is so much room again that the client may be bothered.</summary>
    public bool HasRoom => waiting.Count <= room / 2 && settled.Count < maxAhead;

    /// <summary>Where the group goes on in it, or null if there is nothing to be said.</summary>
    public TopicPartitionOffset? Next => settled.Next is { } next ? new TopicPartitionOffset(partition, next) : null;

    /// <summary>How many deliveries may be with the core. Those of a stream are handled one after another: no more than are of use, and so few that one that waits leaves room for the others.</summary>
    /// <param name="usual">How many if there are no positions.</param>
    /// <param name="fair">A fair share of what all may have.</param>
    public int ShareOf(int usual, int fair) => position is null ? usual : Math.Clamp(fair, 1, MostOfStream);

    /// <summary>Whether that is the first to come, and is before the place where the position is: what was behind it is not there any more.</summary>
    public bool BeginsBelow(long offset)
    {
        var isFirst = !hasCome;
        hasCome = true;
        return isFirst && position is { } known && offset < known.Next;
    }

    public void Receive(MessageEnvelope envelope, long offset)
    {
        settled.Add(offset);
        waiting.AddLast(new KafkaDelivery(envelope, this, offset) { Place = position?.PlaceOf(offset) });
    }

    /// <summary>What has come is for nobody here. True if more may be stored.</summary>
    public bool PassOver(long offset)
    {
        settled.Add(offset);
        return settled.Settle(offset);
    }

    public KafkaDelivery Take()
    {
        var delivery = waiting.First!.Value;
        waiting.RemoveFirst();
        delivery.IsOut = true;
        Out++;
        return delivery;
    }

    /// <summary>A delivery is done. True if more may be stored.</summary>
    public bool Settle(KafkaDelivery delivery)
    {
        Return(delivery);
        return !IsReleased && settled.Settle(delivery.Offset);
    }

    /// <summary>A delivery comes again, before those that came after it.</summary>
    public void PutBack(KafkaDelivery delivery)
    {
        Return(delivery);
        if (IsClosing)
        {
            return;
        }

        var next = waiting.First;
        while (next is not null && next.Value.Offset < delivery.Offset)
        {
            next = next.Next;
        }

        if (next is null)
        {
            waiting.AddLast(delivery);
        }
        else
        {
            waiting.AddBefore(next, delivery);
        }
    }

    /// <summary>What waits is left to whoever has the partition next.</summary>
    public void Close()
    {
        IsClosing = true;
        waiting.Clear();
    }

    /// <summary>The same, and what the core has not begun is left to them too.</summary>
    public void Leave()
    {
        Close();
        position?.Leave();
    }

    public void Release()
    {
        Leave();
        IsReleased = true;
        position?.Lose();
    }

    private void Return(KafkaDelivery delivery)
    {
        delivery.IsOut = false;
        Out--;
    }
}
