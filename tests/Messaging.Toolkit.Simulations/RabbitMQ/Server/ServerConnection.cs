using Messaging.Toolkit.Simulations.Networks;
using Messaging.Toolkit.Simulations.RabbitMQ.Client;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>The broker's end of a connection, and the two directions of the connection itself.</summary>
internal sealed class ServerConnection
{
    private readonly List<ServerChannel> channels = [];
    private bool isOpen = true;
    private bool hasPublished;

    public ServerConnection(RabbitBroker broker, NodeLife life, string name)
    {
        Broker = broker;
        Life = life;
        ToBroker = new Wire(broker.World, broker.Lane, broker.Random);
        ToClient = new Wire(broker.World, life.Lane, broker.Random);
        Client = new ClientConnection(this, name);
        life.Ended += OnLifeEnded;
    }

    public RabbitBroker Broker { get; }

    public NodeLife Life { get; }

    public ClientConnection Client { get; }

    public Wire ToBroker { get; }

    public Wire ToClient { get; }

    /// <summary>Whether its client stands still, as far as the broker knows.</summary>
    public bool IsFrozen => Life.Lane.State == LaneState.Frozen;

    public bool IsOpen => isOpen;

    public ServerChannel Open(ClientChannel client, bool confirms)
    {
        var channel = new ServerChannel(this, client, confirms);
        channels.Add(channel);
        return channel;
    }

    /// <summary>The network is gone between the two. Each of them finds out by itself.</summary>
    public void Cut(TimeSpan brokerNotices, TimeSpan clientNotices, string why = "end of stream")
    {
        ToBroker.Cut(End, brokerNotices);
        ToClient.Cut(() => Client.Lost(new ShutdownEventArgs(ShutdownInitiator.Library, 541, why)), clientNotices);
    }

    /// <summary>It is over, for the broker.</summary>
    public void End()
    {
        if (!isOpen)
        {
            return;
        }

        isOpen = false;
        Life.Ended -= OnLifeEnded;
        ToBroker.Close();
        channels.ForEach(channel => channel.End());
        Broker.Ended(this);
    }

    /// <summary>Somebody publishes here, and is to be told if the broker is short of memory.</summary>
    public void OnPublished()
    {
        hasPublished = true;
        Block();
    }

    /// <summary>As long as the broker is short of memory it reads nothing from who publishes: acknowledgements neither.</summary>
    public void Block()
    {
        if (!hasPublished || Broker.ShortFor is not { } duration)
        {
            return;
        }

        hasPublished = false; // Until it publishes again.
        ToBroker.Stall(duration);
        ToClient.Send(() => Client.OnBlocked("low on memory"));
        Broker.World.Schedule(Broker.Lane, duration, () => ToClient.Send(Client.OnUnblocked));
    }

    /// <summary>Its process has died. The operating system says so mostly, and mostly at once.</summary>
    private void OnLifeEnded() => ToBroker.Cut(End, Broker.TimeToNotice());
}
