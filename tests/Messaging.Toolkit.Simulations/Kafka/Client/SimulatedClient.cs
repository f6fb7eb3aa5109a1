using Messaging.Toolkit.Simulations.Kafka.Server;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Simulations.Kafka.Client;

/// <summary>What producers and consumers have in common: connections to the servers, and a thread of their own, which is none.</summary>
internal abstract class SimulatedClient : IAsyncDisposable
{
    /// <summary>As the transport's own clients wait for their end.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Of the connections that are lost while no server is there these make the client give up.</summary>
    private const double GivesUp = 0.5;

    private readonly Dictionary<KafkaServer, KafkaConnection> connections = [];
    private readonly Silence silence = new();

    protected SimulatedClient(KafkaCluster cluster, NodeLife life)
    {
        Cluster = cluster;
        Life = life;
        Turns = new Turns(life);
        cluster.Opened(this);
    }

    public NodeLife Life { get; }

    public KafkaCluster Cluster { get; }

    protected World World => Cluster.World;

    protected SeededRandom Random => Cluster.Random;

    protected Turns Turns { get; }

    /// <summary>Whether it has no connections any more, and makes none.</summary>
    protected bool IsOver { get; private set; }

    /// <summary>A connection to a server; null if there cannot be one at the moment.</summary>
    public KafkaConnection? Connect(KafkaServer? server)
    {
        if (IsOver || !Life.IsAlive || server is null)
        {
            return null;
        }

        if (!connections.TryGetValue(server, out var connection) && server.IsUp)
        {
            connections.Add(server, connection = new KafkaConnection(Cluster, Life, server, silence, OnLost));
        }

        return connection;
    }

    /// <summary>Some time later, in the client.</summary>
    public void Retry(Action what) => World.Schedule(Life.Lane, Random.Between(ShortestPause, LongestPause), () => World.Post(Life.Lane, what));

    /// <summary>It gives up, and says so.</summary>
    public void Break(string why) => Turns.Add(() =>
    {
        Turns.Halt();
        OnBroken(new MessagingException(why));
    });

    public async ValueTask DisposeAsync()
    {
        Cluster.Closed(this);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var limit = World.Schedule(Life.Lane, LongestEnd, () => over.TrySetResult());
        _ = EndAndTellAsync();
        await over.Task;
        limit.Cancel();

        async Task EndAndTellAsync()
        {
            await Turns.StopAsync(EndAsync);
            over.TrySetResult();
        }
    }

    /// <summary>What it still does when it is told to end.</summary>
    protected abstract Task EndAsync();

    protected abstract void OnBroken(Exception exception);

    /// <summary>What was asked for there and is not answered never will be.</summary>
    protected abstract void OnDisconnected(KafkaConnection connection);

    /// <summary>Waits for something, but not for longer than this.</summary>
    protected async Task WithinAsync(Task task, TimeSpan limit)
    {
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var timer = World.Schedule(Life.Lane, limit, () => over.TrySetResult());
        _ = AwaitAsync();
        await over.Task;
        timer.Cancel();

        async Task AwaitAsync()
        {
            await task;
            over.TrySetResult();
        }
    }

    protected void CloseConnections()
    {
        IsOver = true;
        foreach (var connection in connections.Values)
        {
            connection.End();
        }

        connections.Clear();
    }

    private void OnLost(KafkaConnection connection)
    {
        if (connections.GetValueOrDefault(connection.Server) != connection)
        {
            return;
        }

        connections.Remove(connection.Server);
        connection.End();
        if (Cluster.IsDown && Random.Chance(GivesUp))
        {
            Break("The connection to Kafka at simulated is lost: all brokers are down");
        }

        OnDisconnected(connection);
    }
}
