using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Kafka.Sending;

/// <summary>
/// Sends over one idempotent producer, without waiting for one message before the next: the producer keeps the order of a partition through all
/// that may pass. What does not pass ends the sender, and what it has not reported is sent again by the next one.
/// </summary>
/// <remarks>
/// Kafka refuses batches, not messages. Those of a batch that was refused are sent again one by one, so that it is known which of them it was; that one
/// goes to the dead letters.
/// </remarks>
internal sealed class KafkaSender : ISender, IProducerEvents
{
    private const int MaxResults = 1000;
    private const int MostSpare = 10_000;

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    private readonly TopicMap topics;
    private readonly BrokerLimits limits;
    private readonly TimeSpan confirmTimeout;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Queue<SentMessage> waiting = [];
    private readonly Stack<SentMessage> spare = [];
    private readonly Channel<SendResult> results = Channel.CreateUnbounded<SendResult>(new() { SingleReader = true });
    private readonly ITimer watch;
    private IProducerClient? client;
    private Exception? broken;
    private int underWay;
    private bool isAlone;
    private long lastProgress;

    public KafkaSender(TopicMap topics, BrokerLimits limits, TimeSpan confirmTimeout, TimeProvider time)
    {
        this.topics = topics;
        this.limits = limits;
        this.confirmTimeout = confirmTimeout;
        this.time = time;
        watch = time.CreateTimer(static sender => ((KafkaSender)sender!).Watch(), this, WatchInterval, WatchInterval);
    }

    /// <summary>Takes the client that sends, which is the sender's from now on.</summary>
    public void Begin(IProducerClient producer) => client = producer;

    /// <summary>If it is broken, whoever reads the results hears of it when he has read the last one.</summary>
    public ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            foreach (var message in messages)
            {
                Take(message);
            }

            Produce();
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken)
    {
        var batch = new List<SendResult>();
        try
        {
            batch.Add(await results.Reader.ReadAsync(cancellationToken));
        }
        catch (ChannelClosedException closed) when (closed.InnerException is { } reason)
        {
            // What has ended it says more than that it has ended.
            ExceptionDispatchInfo.Throw(reason);
        }

        while (batch.Count < MaxResults && results.Reader.TryRead(out var next))
        {
            batch.Add(next);
        }

        return batch;
    }

    public async ValueTask DisposeAsync()
    {
        OnBroken(new ObjectDisposedException(nameof(KafkaSender)));
        await watch.DisposeAsync();
        if (client is not null)
        {
            await client.DisposeAsync();
        }
    }

    public void OnDelivered(SentMessage message, Error error)
    {
        lock (gate)
        {
            underWay--;
            lastProgress = time.GetTimestamp();
            End(message, error);
            isAlone = false;
            Produce();
        }
    }

    public void OnBroken(Exception exception)
    {
        lock (gate)
        {
            broken ??= exception;
            results.Writer.TryComplete(broken);
        }
    }

    /// <summary>Call with the lock held.</summary>
    private void Take(TransportMessage message)
    {
        var topic = topics.TopicOf(message.Destination, message.Envelope);
        if (topic is null || TopicNames.Refuse(topic) is not null)
        {
            Report(message.Token, SendStatus.Refused, topic is null
                ? $"its type '{message.Envelope.Type}' is not registered in this application any more"
                : $"no topic can have the name of its endpoint, '{topic}': {TopicNames.Refuse(topic)}");
            return;
        }

        var sent = spare.TryPop(out var used) ? used : new SentMessage();
        sent.Fill(message.Token, topic, message.Envelope);
        waiting.Enqueue(sent);
    }

    /// <summary>Hands over what may be. Call with the lock held.</summary>
    private void Produce()
    {
        while (broken is null && client is not null && !isAlone && waiting.TryPeek(out var message))
        {
            if ((limits.Refuse(message.Topic) ?? limits.Refuse(message.Id)) is { } reason)
            {
                Refuse(waiting.Dequeue(), reason);
                continue;
            }

            var goesAlone = limits.IsSuspect(message.Id);
            if (goesAlone && underWay > 0)
            {
                return;
            }

            message.ProducedAt = time.GetTimestamp();
            var error = client.Produce(message);
            if (error.Code == ErrorCode.Local_QueueFull && underWay > 0)
            {
                return; // There is room when the next one is confirmed.
            }

            waiting.Dequeue();
            if (error.Code == ErrorCode.NoError)
            {
                lastProgress = underWay++ == 0 ? message.ProducedAt : lastProgress;
                isAlone = goesAlone;
            }
            else
            {
                isAlone = true; // Nobody else is meant.
                End(message, error);
                isAlone = false;
            }
        }
    }

    /// <summary>Call with the lock held.</summary>
    private void End(SentMessage message, Error error)
    {
        switch (Verdicts.On(error.Code))
        {
            case Verdict.Confirmed:
                limits.Clear(message.Id);
                Report(message.Token, SendStatus.Confirmed);
                PutAside(message);
                break;
            case Verdict.TopicRefused:
                var reason = $"the topic '{message.Topic}' cannot be used: {error.Code}, {error.Reason}";
                limits.LearnTopic(message.Topic, reason);
                Refuse(message, reason);
                break;
            case Verdict.MessageRefused when isAlone:
                var why = $"the topic '{message.Topic}' does not take it: {error.Code}, {error.Reason}";
                limits.LearnMessage(message.Id, why);
                Refuse(message, why);
                break;
            case Verdict.MessageRefused:
                limits.Suspect(message.Id);
                OnBroken(new MessagingException($"The topic '{message.Topic}' does not take some messages ({error.Code}): they are sent again one by one."));
                break;
            case Verdict.Broken:
                OnBroken(new MessagingException($"Kafka has not taken message {message.Id} for the topic '{message.Topic}': {error.Code}, {error.Reason}"));
                break;
            default:
                throw new InvalidOperationException("Unknown verdict.");
        }
    }

    /// <summary>Call with the lock held.</summary>
    private void Refuse(SentMessage message, string reason)
    {
        Report(message.Token, SendStatus.Refused, reason);
        PutAside(message);
    }

    /// <summary>Call with the lock held.</summary>
    private void PutAside(SentMessage message)
    {
        message.Clear();
        if (spare.Count < MostSpare)
        {
            spare.Push(message);
        }
    }

    private void Report(long token, SendStatus status, string? reason = null) => results.Writer.TryWrite(new SendResult(token, status, reason));

    /// <summary>A cluster that takes messages and confirms none is as good as gone.</summary>
    private void Watch()
    {
        lock (gate)
        {
            if (underWay > 0 && time.GetElapsedTime(lastProgress) > confirmTimeout)
            {
                OnBroken(new MessagingException($"Kafka has confirmed nothing for {confirmTimeout} (ConfirmTimeout): the producer is given up, and what is not confirmed is sent again."));
            }
        }
    }
}
