using Confluent.Kafka;
using Messaging.Toolkit.Kafka.Clients;
using Messaging.Toolkit.Simulations.Kafka.Server;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;

namespace Messaging.Toolkit.Simulations.Kafka.Client;

/// <summary>A member of a group, as librdkafka is one with the configuration of the transport. Heartbeats and fetches go on whatever its thread does.</summary>
internal sealed class SimulatedConsumer : SimulatedClient, IConsumerClient
{
    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(1);

    /// <summary>A connection that is silent is not waited for any longer.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Of the failures these are the end of the consumer, and these of its membership; in the others a connection breaks.</summary>
    private const double FatalFailures = 0.3;
    private const double Expulsions = 0.6;

    private readonly ConsumerSettings settings;
    private readonly IConsumerEvents events;
    private readonly ConsumerGroup group;
    private readonly List<ConsumerPosition> positions = [];

    /// <summary>What it tells the group that it has.</summary>
    private readonly HashSet<TopicPartition> owned = [];

    /// <summary>What the group has last said that it is to have.</summary>
    private IReadOnlyDictionary<TopicPartition, long> wanted = new Dictionary<TopicPartition, long>();

    private Guid member;
    private int beats;
    private bool isIn;
    private bool isReleasing;
    private TaskCompletionSource? resting;
    private bool isTaking;
    private bool isEnding;

    public SimulatedConsumer(KafkaCluster cluster, NodeLife life, ConsumerSettings settings, IConsumerEvents events) : base(cluster, life)
    {
        this.settings = settings;
        this.events = events;
        group = cluster.GroupOf(settings.Group);
        member = cluster.NewId();
        cluster.World.Post(life.Lane, () => _ = BeatAsync());
        cluster.World.Post(life.Lane, () => _ = CommitNowAndThenAsync());
    }

    public void Pause(TopicPartition partition) => PositionOf(partition)?.Pause();

    public void Resume(TopicPartition partition)
    {
        if (PositionOf(partition) is { } position)
        {
            position.Resume();
            Fetch(position);
        }
    }

    public void Store(TopicPartitionOffset next)
    {
        if (PositionOf(next.TopicPartition) is { } position)
        {
            position.Stored = next.Offset.Value;
            group.Note(position.Member, next);
        }
    }

    protected override async Task EndAsync()
    {
        isEnding = true;
        if (positions.Count > 0)
        {
            await ReleaseAsync([.. positions]);
        }

        var id = member;
        await AskAsync<bool?>(answer => () =>
        {
            group.Leave(id);
            answer(true);
        });
        CloseConnections();
    }

    protected override void OnBroken(Exception exception) => events.OnBroken(exception);

    protected override void OnDisconnected(KafkaConnection connection)
    {
        foreach (var position in positions.Where(position => position.Fetching == connection))
        {
            position.Forget();
            Retry(() => Fetch(position));
        }
    }

    private ConsumerPosition? PositionOf(TopicPartition partition) => positions.Find(position => position.Partition == partition);

    /// <summary>Says now and then that it is there.</summary>
    private async Task BeatAsync()
    {
        while (!isEnding)
        {
            var beat = new Heartbeat(member, beats++, settings.Topics, settings.SessionTimeout, owned.ToHashSet());
            var answer = await AskAsync<BeatAnswer>(reply => () => reply(new BeatAnswer(group.Beat(beat))));
            if (isEnding)
            {
                return;
            }

            if (answer is not null)
            {
                Follow(answer.Partitions);
            }

            resting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await WithinAsync(resting.Task, BeatInterval * (0.5 + (Random.NextFraction() / 2)));
            resting = null;
        }
    }

    /// <summary>Takes what is to be its own, and gives up what is not.</summary>
    private void Follow(IReadOnlyDictionary<TopicPartition, long>? assigned)
    {
        if (assigned is null)
        {
            Lose();
            return;
        }

        var added = assigned.Where(each => owned.Add(each.Key)).Select(each => new ConsumerPosition(Cluster.Find(each.Key), member, each.Value)).ToList();
        wanted = assigned;
        if (added.Count > 0 || !isIn)
        {
            isIn = true;
            Turns.Add(() => Begin(added));
        }

        if (!isReleasing && owned.Any(partition => !assigned.ContainsKey(partition)))
        {
            isReleasing = true;
            Turns.Add(() =>
            {
                isReleasing = false;
                return ReleaseAsync([.. positions.Where(position => position.Member == member && !wanted.ContainsKey(position.Partition))]);
            });
        }
    }

    /// <summary>The group has given it up, and it joins again.</summary>
    private void Lose()
    {
        (member, beats, isIn) = (Cluster.NewId(), 0, false);
        owned.Clear();
        Turns.Add(() =>
        {
            var lost = positions.Where(position => position.Member != member).ToList();
            lost.ForEach(Close);
            if (lost.Count == 0)
            {
                return;
            }

            Cluster.Note($"{Life.Name} has lost {string.Join(", ", lost.Select(position => position.Partition))} for {group}");
            events.OnReleased([.. lost.Select(position => position.Partition)], areLost: true);
        });
    }

    private async Task Begin(List<ConsumerPosition> added)
    {
        added.RemoveAll(position => position.Member != member); // They are lost already.
        Cluster.Note(added.Count == 0 ? $"{Life.Name} is in {group}" : $"{Life.Name} gets {string.Join(", ", added.Select(position => $"{position.Partition} from {position.FetchFrom}"))} for {group}");
        positions.AddRange(added);
        foreach (var start in await events.OnAssigned([.. added.Select(position => position.Partition)]))
        {
            if (start.Offset != Offset.Unset)
            {
                Cluster.Note($"{Life.Name} begins in {start.TopicPartition} at {start.Offset} for {group}");
                added.Find(position => position.Partition == start.TopicPartition)!.BeginAt(start.Offset.Value);
            }
        }

        added.ForEach(Fetch);
    }

    /// <summary>Nothing else is done meanwhile but what is not the thread's.</summary>
    private async Task ReleaseAsync(IReadOnlyList<ConsumerPosition> released)
    {
        if (released.Count == 0)
        {
            return;
        }

        IReadOnlyCollection<TopicPartition> partitions = [.. released.Select(position => position.Partition)];
        foreach (var position in released)
        {
            position.IsClosed = true;
        }

        await WithinAsync(events.OnRevoked(partitions), settings.RevocationPatience);
        events.OnReleased(partitions, areLost: false);
        await CommitAsync(released);
        Cluster.Note($"{Life.Name} lets go of {string.Join(", ", released.Select(position => $"{position.Partition} at {position.Stored}"))} for {group}");
        foreach (var position in released)
        {
            Close(position);
            if (position.Member == member)
            {
                owned.Remove(position.Partition);
            }
        }

        resting?.TrySetResult();
    }

    private void Close(ConsumerPosition position)
    {
        position.IsClosed = true;
        position.Forget();
        positions.Remove(position);
    }

    private async Task CommitNowAndThenAsync()
    {
        while (!IsOver)
        {
            await World.DelayAsync(Life.Lane, settings.CommitInterval);
            await CommitAsync([.. positions]);
        }
    }

    /// <summary>Tells the group where it goes on, and waits until it knows or cannot be told.</summary>
    private async Task CommitAsync(IReadOnlyList<ConsumerPosition> of)
    {
        var further = of.Where(position => position.Stored != position.Committed).Select(position => (position, Next: new TopicPartitionOffset(position.Partition, position.Stored))).ToList();
        if (further.Count == 0)
        {
            return;
        }

        await Life.EnterAsync(Operation.Settle);
        await AskAsync<bool?>(answer => () =>
        {
            var isForgotten = Life.Happens(FaultKind.Duplicate, Operation.Settle);
            var taken = further.Where(each => group.Commit(each.position.Member, each.Next, isForgotten)).ToList();
            answer(true, () => taken.ForEach(each => each.position.Committed = each.Next.Offset.Value));
            Cluster.Coordinator?.RestartMaybe(Life, Operation.Settle);
        });
        FailMaybe(Operation.Settle);
    }

    private void Fetch(ConsumerPosition position)
    {
        if (!position.MayFetch || IsOver)
        {
            return;
        }

        if (Connect(position.Log.Leader) is not { } connection)
        {
            Retry(() => Fetch(position));
            return;
        }

        var (version, from) = (position.Version, position.FetchFrom);
        position.Fetching = connection;
        connection.Ask(() => connection.Server.Fetch(position.Log, from, connection, answer =>
        {
            if (version != position.Version)
            {
                return;
            }

            position.Fetching = null;
            position.Add(answer.Records);
            if (answer.IsLeader)
            {
                TakeMore();
            }
            else
            {
                Retry(() => Fetch(position));
            }
        }));
    }

    private void TakeMore()
    {
        if (!isTaking && positions.Exists(position => position.HasNext))
        {
            isTaking = true;
            Turns.Add(TakeAsync);
        }
    }

    /// <summary>Takes one message.</summary>
    private async Task TakeAsync()
    {
        await Life.EnterAsync(Operation.Receive);
        isTaking = false;
        if (Life.Happens(FaultKind.Rebalance, Operation.Receive))
        {
            group.Visit();
        }

        FailMaybe(Operation.Receive);
        if (positions.Where(position => position.HasNext).ToList() is { Count: > 0 } ready)
        {
            var position = Random.Pick(ready);
            events.OnRecord(position.Take());
            Fetch(position);
        }

        TakeMore();
    }

    private void FailMaybe(Operation operation)
    {
        if (!Life.Happens(FaultKind.ChannelClosed, operation, out var severity))
        {
            return;
        }

        if (severity < FatalFailures)
        {
            Break("Kafka does not let us receive: simulated");
        }
        else if (severity < Expulsions)
        {
            group.Leave(member);
        }
        else
        {
            Connect(Cluster.Coordinator)?.Cut();
        }
    }

    /// <summary>Asks whoever coordinates the group. Null if nobody answers.</summary>
    /// <param name="request">What happens there, given a way to answer: with what, and what the answer changes here.</param>
    private async Task<T?> AskAsync<T>(Func<Reply<T>, Action> request)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        T? result = default;
        if (Connect(Cluster.Coordinator) is { } connection)
        {
            connection.Ask(request((value, change) => connection.Answer(() =>
            {
                result = answered.Task.IsCompleted ? result : value;
                change?.Invoke();
                answered.TrySetResult();
            })));
        }

        await WithinAsync(answered.Task, RequestTimeout);
        answered.TrySetResult();
        return result;
    }

    private delegate void Reply<in T>(T value, Action? change = null);

    /// <param name="Partitions">What it is to have; null if it is no member.</param>
    private sealed record BeatAnswer(IReadOnlyDictionary<TopicPartition, long>? Partitions);
}
