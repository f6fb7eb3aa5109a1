using Messaging.Toolkit.Simulations.Networks;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Faults;
using RabbitMQ.Client;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>
/// A queue, as a quorum queue or a classic one is. A message is kept, confirmed and given to a consumer when it is committed, and what is
/// appended is committed in its order. What a consumer has not acknowledged when its channel ends comes again, in its order, before what is newer.
/// </summary>
internal sealed class AmqpQueue
{
    private readonly RabbitBroker broker;

    /// <summary>In their order; those that are not committed are the last.</summary>
    private readonly List<StoredMessage> ready = [];

    private readonly List<HandedOut> handedOut = [];
    private readonly List<AmqpConsumer> consumers = [];
    private Wire log;
    private long places;
    private bool isAwake;

    public AmqpQueue(RabbitBroker broker, string name, QueueDeclaration declaration, ServerConnection? owner)
    {
        this.broker = broker;
        Name = name;
        Declaration = declaration;
        Owner = owner;
        log = NewLog();
    }

    public string Name { get; }

    public QueueDeclaration Declaration { get; }

    /// <summary>The only connection that may use it, or null.</summary>
    public ServerConnection? Owner { get; }

    public bool IsEmpty => ready.Count == 0 && handedOut.Count == 0;

    /// <summary>What a declaration is answered with.</summary>
    public QueueDeclareOk Counts => new(Name, (uint)ready.Count, (uint)consumers.Count);

    /// <summary>Takes a message, unless it is full and refuses then.</summary>
    public bool Append(Publication publication, Action committed)
    {
        if (Declaration.RefusesFrom is { } limit && ready.Count >= limit)
        {
            return false;
        }

        var message = new StoredMessage(publication, places++, committed);
        ready.Add(message);
        Note($"taken by {Name}", publication);
        log.Send(Commit);
        return true;
    }

    public void Consume(AmqpConsumer consumer)
    {
        consumers.Add(consumer);
        Wake();
    }

    /// <summary>A consumer gets nothing more. It keeps what it has.</summary>
    public void Cancel(AmqpConsumer consumer)
    {
        if (consumers.Remove(consumer))
        {
            Left();
        }
    }

    /// <summary>A channel has ended: its consumers go, and what they had comes again.</summary>
    public void Leave(ServerChannel channel)
    {
        var left = consumers.RemoveAll(consumer => consumer.Channel == channel) > 0;
        Return(handedOut.Where(message => message.Consumer.Channel == channel));
        if (left)
        {
            Left();
        }
    }

    /// <summary>The broker cancels a consumer: the queue has moved to another node, and what the consumer has is in the queue again.</summary>
    public void Evict(AmqpConsumer consumer)
    {
        if (consumers.Remove(consumer))
        {
            Return(handedOut.Where(message => message.Consumer == consumer));
            consumer.Channel.OnCancelled(consumer);
            Left();
        }
    }

    /// <summary>It is gone, with all its messages.</summary>
    public void Delete()
    {
        log.Close();
        ready.Clear();
        handedOut.Clear();
        foreach (var consumer in consumers)
        {
            consumer.Channel.OnCancelled(consumer);
        }

        consumers.Clear();
    }

    public void Acknowledge(HandedOut message)
    {
        if (handedOut.Remove(message))
        {
            message.Consumer.Held--;
            Wake();
        }
    }

    /// <summary>
    /// A consumer gives a message back by itself. A classic queue puts it in its place; a quorum queue without a limit of
    /// deliveries, which is how the toolkit declares it, behind all others.
    /// </summary>
    public void Requeue(HandedOut message)
    {
        if (!handedOut.Contains(message))
        {
            return;
        }

        if (Declaration.IsQuorum)
        {
            handedOut.Remove(message);
            message.Consumer.Held--;
            ready.Insert(Committed, new StoredMessage(message.Message.Publication, places++, static () => { }) { IsCommitted = true, Returned = message.Message.Returned + 1 });
            Wake();
        }
        else
        {
            Return([message]);
        }
    }

    /// <summary>The broker starts again: of what was not committed the first few are kept.</summary>
    public void Restart()
    {
        log.Close();
        log = NewLog();
        consumers.Clear();
        Return(handedOut);
        var kept = broker.Random.Next(Committed, ready.Count);
        ready.RemoveRange(kept, ready.Count - kept);
        ready.ForEach(message => message.IsCommitted = true);
    }

    /// <summary>How many of those that are ready are committed.</summary>
    private int Committed => ready.FindIndex(message => !message.IsCommitted) is >= 0 and var index ? index : ready.Count;

    public override string ToString()
        => $"{Name} with {ready.Count} ready and {handedOut.Count} at {string.Join(" and ", handedOut.Select(message => message.Consumer.Channel.Connection.Life.Name).Distinct())}";

    private Wire NewLog() => new(broker.World, broker.Lane, broker.Random);

    /// <summary>What goes through queues of the moment is of no interest.</summary>
    private void Note(string what, Publication publication)
    {
        if (Declaration.Durable)
        {
            broker.Note(what, publication);
        }
    }

    private void Commit()
    {
        var message = ready[Committed];
        message.IsCommitted = true;
        message.Committed();
        Wake();
    }

    private void Return(IEnumerable<HandedOut> messages)
    {
        foreach (var message in messages.ToList())
        {
            handedOut.Remove(message);
            message.Consumer.Held--;
            message.Message.Returned++;
            var index = ready.FindIndex(other => other.Place > message.Message.Place);
            ready.Insert(index < 0 ? ready.Count : index, message.Message);
        }

        Wake();
    }

    private void Left()
    {
        if (Declaration.AutoDelete && consumers.Count == 0)
        {
            broker.Delete(this);
        }

        Wake();
    }

    private void Wake()
    {
        if (!isAwake)
        {
            isAwake = true;
            broker.World.Post(broker.Lane, HandOut);
        }
    }

    private void HandOut()
    {
        isAwake = false;
        while (ready is [{ IsCommitted: true } message, ..] && NextConsumer() is { } consumer)
        {
            ready.RemoveAt(0);
            HandOut(message, consumer);
        }
    }

    private void HandOut(StoredMessage message, AmqpConsumer consumer)
    {
        var given = new HandedOut(message, consumer);
        if (!consumer.AutoAck)
        {
            handedOut.Add(given);
            consumer.Held++;
        }

        Note($"{Name} to {consumer.Channel.Connection.Life.Name}", message.Publication);
        consumer.Channel.Deliver(given);
        if (consumer.Channel.Connection.Life.Happens(FaultKind.Rebalance, Operation.Receive))
        {
            broker.World.Post(broker.Lane, () => Evict(consumer));
        }
    }

    private AmqpConsumer? NextConsumer()
    {
        if (Declaration.IsSingleActive)
        {
            return consumers is [{ HasCredit: true } active, ..] ? active : null;
        }

        var free = consumers.Where(consumer => consumer.HasCredit).ToList();
        return free.Count == 0 ? null : broker.Random.Pick(free);
    }
}
