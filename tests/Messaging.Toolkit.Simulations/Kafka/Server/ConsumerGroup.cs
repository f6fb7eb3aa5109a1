using Confluent.Kafka;

namespace Messaging.Toolkit.Simulations.Kafka.Server;

/// <summary>
/// A group: who is in it, who has which partition and who is to have it, and where the group goes on in each. Its members ask
/// now and then what is to be theirs, and say what they have: so a partition is given to one when the other has let go of it, and nothing depends on a
/// message that may get lost. Outlives servers.
/// </summary>
internal sealed class ConsumerGroup(KafkaCluster cluster, string name)
{
    private static readonly TimeSpan SessionCheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestVisit = TimeSpan.FromSeconds(3);

    private readonly List<GroupMember> members = [];
    private readonly Dictionary<TopicPartition, GroupPartition> partitions = [];

    /// <summary>Where the group has not got to the end.</summary>
    public IEnumerable<TopicPartition> Behind => partitions.Values.Where(each => each.Done < each.Log.HighWatermark || !each.Log.IsReplicated).Select(each => each.Log.Partition);

    /// <summary>A member says that it is there, and what it has.</summary>
    /// <returns>What it is to have and where to go on in it; null if it is no member.</returns>
    public IReadOnlyDictionary<TopicPartition, long>? Beat(Heartbeat beat)
    {
        var member = members.Find(each => each.Id == beat.Member);
        if (member is null && beat.Number > 0)
        {
            return null;
        }

        if (member is null)
        {
            members.Add(member = new GroupMember(beat.Member, beat.Topics, beat.SessionTimeout));
            Watch(member);
            Rebalance();
        }

        if (beat.Number >= member.NextBeat)
        {
            member.NextBeat = beat.Number + 1;
            member.SeenAt = cluster.World.Now;
            foreach (var left in partitions.Values.Where(each => each.Owner == member && !beat.Has.Contains(each.Log.Partition)))
            {
                left.Owner = null;
            }
        }

        foreach (var free in partitions.Values.Where(each => each.Target == member && each.Owner is null))
        {
            free.Owner = member;
        }

        return partitions.Values.Where(each => each.Target == member && each.Owner == member).ToDictionary(each => each.Log.Partition, each => each.Committed);
    }

    /// <summary>Where a member goes on. False if it is not its to say that.</summary>
    /// <param name="id">The member.</param>
    /// <param name="next">Where.</param>
    /// <param name="isForgotten">It is told that this is kept, and it is not.</param>
    public bool Commit(Guid id, TopicPartitionOffset next, bool isForgotten)
    {
        if (partitions.GetValueOrDefault(next.TopicPartition) is not { Owner: { } owner } partition || owner.Id != id)
        {
            return false;
        }

        partition.Furthest = Math.Max(partition.Furthest, next.Offset.Value);
        partition.Committed = isForgotten ? partition.Committed : next.Offset.Value;
        return true;
    }

    /// <summary>
    /// What a member is going to commit. The broker does not know; who watches does: an application that never rests, because a schedule ticks faster than
    /// offsets are committed, would never be done otherwise.
    /// </summary>
    public void Note(Guid id, TopicPartitionOffset next)
    {
        if (partitions.GetValueOrDefault(next.TopicPartition) is { } partition)
        {
            partition.Noted = (id, next.Offset.Value);
        }
    }

    public void Leave(Guid id)
    {
        if (members.RemoveAll(each => each.Id == id) > 0)
        {
            foreach (var left in partitions.Values.Where(each => each.Owner?.Id == id))
            {
                left.Owner = null;
            }

            Rebalance();
        }
    }

    /// <summary>Somebody joins who does nothing, and leaves soon.</summary>
    public void Visit()
    {
        if (members.Count == 0)
        {
            return;
        }

        var visitor = new GroupMember(Guid.Empty, members[0].Topics, TimeSpan.Zero);
        members.Insert(cluster.Random.Next(members.Count + 1), visitor);
        Rebalance();
        cluster.World.Schedule(cluster.Lane, cluster.Random.Between(TimeSpan.Zero, LongestVisit), () =>
        {
            if (members.Remove(visitor))
            {
                Rebalance();
            }
        });
    }

    /// <summary>Another server coordinates it, which knows nothing of when members were seen.</summary>
    public void Move() => members.ForEach(member => member.SeenAt = cluster.World.Now);

    public override string ToString() => name;

    /// <summary>One that is not heard of for too long is one no more.</summary>
    private void Watch(GroupMember member)
    {
        member.SeenAt = cluster.World.Now;
        Check();

        void Check() => cluster.World.Schedule(cluster.Lane, SessionCheck, () =>
        {
            if (!members.Contains(member))
            {
                return;
            }

            if (cluster.World.Now - member.SeenAt > member.SessionTimeout)
            {
                cluster.Note($"{name} gives up a member");
                Leave(member.Id);
                return;
            }

            Check();
        });
    }

    /// <summary>Each is to have as many as the others, and what it has it keeps if that can be.</summary>
    private void Rebalance()
    {
        foreach (var log in members.SelectMany(member => member.Topics).Distinct(StringComparer.Ordinal).SelectMany(cluster.LogsOf))
        {
            partitions.TryAdd(log.Partition, new GroupPartition(log));
        }

        var most = members.Count == 0 ? 0 : (partitions.Count + members.Count - 1) / members.Count;
        var counts = members.ToDictionary(member => member, _ => 0);
        foreach (var each in partitions.Values)
        {
            each.Target = each.Target is { } target && counts.TryGetValue(target, out var count) && count < most ? target : null;
            if (each.Target is not null)
            {
                counts[each.Target]++;
            }
        }

        foreach (var each in partitions.Values.Where(each => each.Target is null && members.Count > 0))
        {
            each.Target = members.MinBy(member => counts[member])!;
            counts[each.Target]++;
        }
    }

    private sealed class GroupMember(Guid id, IReadOnlyCollection<string> topics, TimeSpan sessionTimeout)
    {
        public Guid Id => id;

        public IReadOnlyCollection<string> Topics => topics;

        public TimeSpan SessionTimeout => sessionTimeout;

        public TimeSpan SeenAt { get; set; }

        /// <summary>Older ones come late, over a connection that has broken since, and say what is not so any more.</summary>
        public int NextBeat { get; set; }
    }

    private sealed class GroupPartition(PartitionLog log)
    {
        public PartitionLog Log => log;

        /// <summary>Who has it, or may have.</summary>
        public GroupMember? Owner { get; set; }

        /// <summary>Who is to have it.</summary>
        public GroupMember? Target { get; set; }

        public long Committed { get; set; }

        /// <summary>The furthest that was ever committed.</summary>
        public long Furthest { get; set; }

        /// <summary>Who is going to commit what.</summary>
        public (Guid Member, long Next) Noted { get; set; }

        /// <summary>How far it is done with, as long as who has it stays.</summary>
        public long Done => Owner?.Id == Noted.Member ? Math.Max(Furthest, Noted.Next) : Furthest;
    }
}

/// <param name="Member">Who is there. New for each membership.</param>
/// <param name="Number">How many were sent before by this member: with the first one it joins.</param>
/// <param name="Topics">What it wants to read.</param>
/// <param name="SessionTimeout">How long it may be silent.</param>
/// <param name="Has">The partitions that it has.</param>
internal sealed record Heartbeat(Guid Member, int Number, IReadOnlyCollection<string> Topics, TimeSpan SessionTimeout, IReadOnlySet<TopicPartition> Has);
