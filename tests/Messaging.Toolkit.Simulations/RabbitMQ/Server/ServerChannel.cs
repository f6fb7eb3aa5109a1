using Messaging.Toolkit.Simulations.Networks;
using Messaging.Toolkit.Simulations.RabbitMQ.Client;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Faults;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>The broker's end of a channel: numbers what it delivers and what it takes, and knows what of both is not answered.</summary>
internal sealed class ServerChannel(ServerConnection connection, ClientChannel client, bool confirms)
{
    private static readonly TimeSpan LongestSlowness = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestOutage = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestShortage = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(10);

    /// <summary>Of the confirms lost these are followed by none ever, on a channel that stays; in the others its connection breaks.</summary>
    private const double EternalSilences = 0.3;

    /// <summary>Of the failures of a channel these are the broker's own; in the others its connection breaks.</summary>
    private const double OwnFailures = 0.4;

    private readonly SortedDictionary<ulong, HandedOut> unacknowledged = [];
    private readonly Dictionary<string, AmqpConsumer> consumers = new(StringComparer.Ordinal);
    private readonly ConfirmBook book = new();
    private ulong delivered;
    private ulong published;
    private ushort prefetch;
    private int named;
    private bool isOpen = true;
    private bool answers;
    private bool isSilent;

    public ServerConnection Connection => connection;

    private RabbitBroker Broker => connection.Broker;

    /// <summary>Does what a client asks for, unless the channel has ended meanwhile; if it cannot be done the channel ends.</summary>
    public void Handle(Action method)
    {
        if (!isOpen || !connection.IsOpen)
        {
            return;
        }

        try
        {
            method();
        }
        catch (AmqpErrorException error)
        {
            Fail(error);
        }
    }

    public void SetPrefetch(ushort count) => prefetch = count;

    public string Consume(string queue, string tag, bool autoAck)
    {
        var consumer = new AmqpConsumer(this, Broker.FindQueue(queue, connection), tag.Length > 0 ? tag : $"amq.ctag-{++named}", prefetch, autoAck);
        consumers.Add(consumer.Tag, consumer);
        consumer.Queue.Consume(consumer);
        return consumer.Tag;
    }

    public void Cancel(string tag)
    {
        if (consumers.Remove(tag, out var consumer))
        {
            consumer.Queue.Cancel(consumer);
        }
    }

    public void Publish(Publication publication)
    {
        var number = ++published;
        if (Broker.FindUnused(publication) is { } unused && connection.Life.Happens(FaultKind.QueueDeleted, Operation.Send))
        {
            Broker.DeleteUnused(unused);
        }

        var queues = Broker.Route(publication);
        if (queues.Count == 0 && publication.Mandatory)
        {
            connection.ToClient.Send(() => client.OnReturned(publication));
        }

        if (confirms && queues.Count > 0 && connection.Life.Happens(FaultKind.Returned, Operation.Send, out var severity))
        {
            // A message to several queues is refused if one of them refuses it.
            queues = [.. queues.Take(severity < 0.5 ? 0 : queues.Count - 1)];
            book.Refuse(number, publication);
        }

        book.Expect(number, publication, queues.Count);
        foreach (var queue in queues)
        {
            if (!queue.Append(publication, () => OnCommitted(number)))
            {
                book.Refuse(number, publication);
            }
        }

        Answer();
        connection.OnPublished();
        AfterPublish();
    }

    public void Acknowledge(ulong tag, bool multiple, Action<AmqpQueue, HandedOut> end)
    {
        if (!unacknowledged.ContainsKey(tag) && !(multiple && tag == 0))
        {
            throw AmqpErrorException.UnknownTag(tag);
        }

        foreach (var each in unacknowledged.Keys.Where(each => each == tag || (multiple && (tag == 0 || each < tag))).ToList())
        {
            unacknowledged.Remove(each, out var message);
            end(message!.Consumer.Queue, message);
        }

        BreakMaybe(Operation.Settle);
        RestartMaybe(Operation.Settle);
    }

    public void Deliver(HandedOut message)
    {
        var tag = ++delivered;
        if (!message.Consumer.AutoAck)
        {
            unacknowledged.Add(tag, message);
        }

        if (connection.Life.Happens(FaultKind.SlowBroker, Operation.Receive, out var severity))
        {
            connection.ToClient.Stall(LongestSlowness * severity);
        }

        var (stored, consumer, redelivered) = (message.Message, message.Consumer, message.Message.Returned);
        connection.ToClient.Send(() => client.OnDelivered(consumer.Tag, tag, redelivered, consumer.Queue.Declaration.IsQuorum, stored.Publication));
        BreakMaybe(Operation.Receive);
    }

    /// <summary>One of its consumers is told that it gets nothing more.</summary>
    public void OnCancelled(AmqpConsumer consumer)
    {
        if (consumers.Remove(consumer.Tag))
        {
            connection.ToClient.Send(() => client.OnCancelled(consumer.Tag));
        }
    }

    /// <summary>It is over. Each queue takes notice in its own time.</summary>
    public void End()
    {
        if (!isOpen)
        {
            return;
        }

        isOpen = false;
        foreach (var queue in consumers.Values.Select(consumer => consumer.Queue).Concat(unacknowledged.Values.Select(message => message.Consumer.Queue)).Distinct().ToList())
        {
            Broker.World.Schedule(Broker.Lane, Latency.Next(Broker.Random), () => queue.Leave(this));
        }
    }

    public void BreakMaybe(Operation operation)
    {
        if (!connection.Life.Happens(FaultKind.ChannelClosed, operation, out var severity))
        {
            return;
        }

        if (severity < OwnFailures)
        {
            Fail(AmqpErrorException.Internal());
        }
        else
        {
            connection.Cut(Broker.TimeToNotice(), Broker.TimeToNotice());
        }
    }

    private void Fail(AmqpErrorException error)
    {
        End();
        connection.ToClient.Send(() => client.Close(new ShutdownEventArgs(ShutdownInitiator.Peer, error.Code, error.Message)));
    }

    private void AfterPublish()
    {
        if (connection.Life.Happens(FaultKind.Blocked, Operation.Send, out var severity))
        {
            Broker.RunShort(LongestShortage * severity);
        }

        BreakMaybe(Operation.Send);
        RestartMaybe(Operation.Send);
    }

    private void RestartMaybe(Operation operation)
    {
        if (connection.Life.Happens(FaultKind.BrokerRestart, operation, out var severity))
        {
            Broker.Restart(LongestOutage * severity);
        }
    }

    private void OnCommitted(ulong number)
    {
        book.Commit(number);
        Answer();
    }

    /// <summary>Says what is confirmed and what is refused, a moment later and several at once.</summary>
    private void Answer()
    {
        if (!confirms || answers)
        {
            return;
        }

        answers = true;
        Broker.World.Schedule(Broker.Lane, Latency.Next(Broker.Random), () =>
        {
            answers = false;
            if (isOpen && !isSilent)
            {
                SendAnswers();
            }
        });
    }

    private void SendAnswers()
    {
        if (!book.HasAnswers)
        {
            return;
        }

        if (connection.Life.Happens(FaultKind.ConfirmLost, Operation.Confirm, out var severity))
        {
            isSilent = Broker.MayBeSilent && severity < EternalSilences;
            if (!isSilent)
            {
                connection.Cut(LongestSilence * severity, LongestSilence * severity);
            }
        }

        if (connection.Life.Happens(FaultKind.SlowBroker, Operation.Confirm, out severity))
        {
            connection.ToClient.Stall(LongestSlowness * severity);
        }

        foreach (var answer in isSilent ? [] : book.TakeAnswers())
        {
            foreach (var publication in answer.Publications)
            {
                Broker.Note(answer.IsRefusal ? "refused" : "confirmed", publication);
            }

            connection.ToClient.Send(() => client.OnAnswer(answer.Number, answer.Multiple, answer.IsRefusal));
        }
    }
}
