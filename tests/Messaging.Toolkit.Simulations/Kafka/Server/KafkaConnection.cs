using Messaging.Toolkit.Simulations.Networks;
using Messaging.Toolkit.Testing.Nodes;

namespace Messaging.Toolkit.Simulations.Kafka.Server;

/// <summary>A connection of a client to a server: two directions, each in its order.</summary>
internal sealed class KafkaConnection
{
    private readonly KafkaCluster cluster;
    private readonly NodeLife life;
    private readonly Wire toServer;
    private readonly Wire toClient;
    private readonly Action<KafkaConnection> lost;
    private readonly Silence silence;

    /// <param name="cluster">Whose it is.</param>
    /// <param name="life">The client's.</param>
    /// <param name="server">Where it goes.</param>
    /// <param name="silence">Of all the client's connections.</param>
    /// <param name="lost">What the client does when it finds out that there is none any more.</param>
    public KafkaConnection(KafkaCluster cluster, NodeLife life, KafkaServer server, Silence silence, Action<KafkaConnection> lost)
    {
        this.cluster = cluster;
        this.life = life;
        this.silence = silence;
        this.lost = lost;
        Server = server;
        toServer = new Wire(cluster.World, cluster.Lane, cluster.Random);
        toClient = new Wire(cluster.World, life.Lane, cluster.Random);
        server.Connected(this);
        life.Ended += End;
    }

    public KafkaServer Server { get; }

    public void Ask(Action request) => toServer.Send(request);

    public void Answer(Action answer)
    {
        if (!silence.IsKept)
        {
            toClient.Send(answer);
        }
    }

    /// <summary>
    /// Nothing is answered to the client any more, on no connection, and nobody says why. Were it one connection, the real client would find out by itself
    /// (<c>socket.timeout.ms</c>) and make another one.
    /// </summary>
    public void FallSilent() => silence.IsKept = true;

    /// <summary>Answers take longer for a while.</summary>
    public void Stall(TimeSpan duration) => toClient.Stall(duration);

    /// <summary>The network is gone between the two.</summary>
    public void Cut()
    {
        toServer.Cut(() => { }, TimeSpan.Zero);
        toClient.Cut(() => lost(this), cluster.TimeToNotice());
        Server.Disconnected(this);
    }

    /// <summary>The client has no more use for it. Some of what it has asked for gets there.</summary>
    public void End()
    {
        life.Ended -= End;
        toServer.Cut(() => { }, TimeSpan.Zero);
        toClient.Close();
        Server.Disconnected(this);
    }
}

/// <summary>Whether a client is not answered any more.</summary>
internal sealed class Silence
{
    public bool IsKept { get; set; }
}
