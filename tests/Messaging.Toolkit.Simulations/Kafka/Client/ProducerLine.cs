using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Sending;
using Messaging.Toolkit.Simulations.Kafka.Server;
using Messaging.Toolkit.Simulations.Networks;
using Messaging.Toolkit.Testing.Faults;

namespace Messaging.Toolkit.Simulations.Kafka.Client;

/// <summary>
/// What a producer has for one partition: batches, several of them under way. When it is not known what has become of one, it and all behind it are
/// sent again, with the numbers that they had: so nothing is there twice, and nothing overtakes.
/// </summary>
internal sealed class ProducerLine(SimulatedProducer producer, PartitionLog log)
{
    private const int LargestBatch = 5;

    private readonly Queue<(SentMessage Message, LogRecord Record)> pending = [];
    private readonly List<Batch> unconfirmed = [];
    private int next;
    private int sequence;
    private bool isSending;

    public void Add(SentMessage message, LogRecord record)
    {
        pending.Enqueue((message, record));
        Wake();
    }

    /// <summary>The connection is lost.</summary>
    public void SendAgain(KafkaConnection connection)
    {
        if (unconfirmed.Exists(batch => batch.Connection == connection))
        {
            SendAgain();
        }
    }

    /// <summary>Everything that is left, which is not sent any more.</summary>
    public IReadOnlyList<SentMessage> TakeAll()
    {
        var all = unconfirmed.SelectMany(batch => batch.Messages).Concat(pending.Select(each => each.Message)).ToList();
        unconfirmed.Clear();
        pending.Clear();
        return all;
    }

    private void SendAgain()
    {
        next = 0;
        producer.Retry(Wake);
    }

    private void Wake()
    {
        if (!isSending && producer.MaySend)
        {
            isSending = true;
            producer.Cluster.World.Schedule(producer.Life.Lane, Latency.Next(producer.Cluster.Random), () => producer.Cluster.World.Post(producer.Life.Lane, () => _ = SendAsync()));
        }
    }

    private async Task SendAsync()
    {
        while (producer.MaySend && HasNext())
        {
            await producer.Life.EnterAsync(Operation.Send);
            if (!producer.MaySend || !HasNext())
            {
                break;
            }

            if (producer.Connect(log.Leader) is not { } connection)
            {
                producer.Retry(Wake);
                break;
            }

            Send(TakeNext(), connection);
        }

        isSending = false;
    }

    private bool HasNext() => next < unconfirmed.Count || (pending.Count > 0 && unconfirmed.Count < producer.Cluster.Options.MostUnderWay);

    private Batch TakeNext()
    {
        if (next == unconfirmed.Count)
        {
            var count = producer.Cluster.Random.Next(1, Math.Min(LargestBatch, pending.Count));
            var taken = Enumerable.Range(0, count).Select(_ => pending.Dequeue()).ToList();
            unconfirmed.Add(new Batch(sequence, [.. taken.Select(each => each.Message)], [.. taken.Select(each => each.Record)]));
            sequence += count;
        }

        return unconfirmed[next++];
    }

    private void Send(Batch batch, KafkaConnection connection)
    {
        batch.Connection = connection;
        foreach (var record in batch.Records)
        {
            producer.Cluster.Note($"sent to {log.Partition}", record.Message);
        }

        var request = new ProduceRequest(producer.Life, producer.Number, log, batch.Sequence, batch.Records, connection, answer => OnAnswer(batch, answer));
        connection.Ask(() => connection.Server.Produce(request));
    }

    private void OnAnswer(Batch batch, ProduceAnswer answer)
    {
        if (unconfirmed.IndexOf(batch) is not (>= 0 and var index))
        {
            return; // It was sent twice, and this is the second answer.
        }

        switch (answer.Error)
        {
            case ErrorCode.NoError:
                Remove(index);
                producer.Report(batch.Messages);
                Wake();
                break;
            case ErrorCode.NotLeaderForPartition:
            case ErrorCode.OutOfOrderSequenceNumber when !answer.IsFatal:
                SendAgain();
                break;
            default:
                Remove(index);
                producer.Fail(batch.Messages, answer.Error);
                break;
        }
    }

    private void Remove(int index)
    {
        unconfirmed.RemoveAt(index);
        next -= index < next ? 1 : 0;
    }

    private sealed class Batch(int sequence, IReadOnlyList<SentMessage> messages, IReadOnlyList<LogRecord> records)
    {
        public int Sequence => sequence;

        public IReadOnlyList<SentMessage> Messages => messages;

        public IReadOnlyList<LogRecord> Records => records;

        /// <summary>On which it was sent last.</summary>
        public KafkaConnection? Connection { get; set; }
    }
}
