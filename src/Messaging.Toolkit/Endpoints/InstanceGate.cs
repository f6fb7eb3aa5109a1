using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// Lets the messages of one instance through one after another, in the order in which they came here, before a transaction is begun for them. Nobody waits inside: who
/// cannot go through has a place in the line of the instance and comes back when it is his turn, so that one that hangs holds no
/// other worker than its own. It saves conflicts; what excludes is the revision in the database. Thread-safe.
/// </summary>
internal sealed class InstanceGate(TimeProvider time)
{
    /// <summary>Who has waited for his turn that long looks for himself: whose turn it is may never come back, because its receiver is gone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Dictionary<Guid, Line> lines = [];

    /// <summary>What a group of messages goes through with.</summary>
    public Pass Open() => new(this);

    private bool TryTake(Guid instance, Work work)
    {
        lock (gate)
        {
            var ticket = work.Ticket?.Instance == instance ? work.Ticket : null;
            if (ticket is null)
            {
                Forget(work);
            }

            if (!lines.TryGetValue(instance, out var line))
            {
                lines.Add(instance, line = new Line());
            }

            // Free, and kept for nobody, or for one who has not come for it in all the time that this one has waited.
            if (!line.IsTaken && (line.Next is null || ticket is not null))
            {
                line.IsTaken = true;
                line.Next = null;
                Forget(work);
                return true;
            }

            work.Ticket = line.Queue(ticket, () => new Ticket(instance, new Signal(time)));
            return false;
        }
    }

    private void Leave(Guid instance)
    {
        lock (gate)
        {
            var line = lines[instance];
            line.IsTaken = false;
            if (line.Waiting.First is not { } first)
            {
                lines.Remove(instance);
                return;
            }

            line.Waiting.RemoveFirst();
            line.Next = first.Value;
            first.Value.Call();
        }
    }

    private void Forget(Work work)
    {
        if (work.Ticket is { } ticket && lines.TryGetValue(ticket.Instance, out var line))
        {
            line.Waiting.Remove(ticket);
            if (line.Next == ticket)
            {
                line.Next = null;
            }
        }

        work.Ticket = null;
    }

    /// <summary>Who has an instance, and who waits for it.</summary>
    private sealed class Line
    {
        public bool IsTaken { get; set; }

        /// <summary>Whose turn it is as soon as he comes.</summary>
        public Ticket? Next { get; set; }

        public LinkedList<Ticket> Waiting { get; } = new();

        /// <summary>Gives who has no place the last one, and the first one to who comes for his turn and finds that somebody was quicker.</summary>
        public Ticket Queue(Ticket? known, Func<Ticket> create)
        {
            if (known is { IsCalled: false })
            {
                return known;
            }

            var ticket = create();
            if (known is null)
            {
                Waiting.AddLast(ticket);
            }
            else
            {
                Waiting.AddFirst(ticket);
            }

            return ticket;
        }
    }

    /// <summary>A place in the line of an instance.</summary>
    public sealed class Ticket(Guid instance, Signal turn)
    {
        public Guid Instance => instance;

        /// <summary>Set when it is its turn.</summary>
        public Signal Turn => turn;

        public bool IsCalled { get; private set; }

        public void Call()
        {
            IsCalled = true;
            turn.Set();
        }
    }

    /// <summary>The instances that a group of messages has. To be disposed when their transaction has ended.</summary>
    public sealed class Pass(InstanceGate gate) : IDisposable
    {
        private readonly HashSet<Guid> instances = [];
        private readonly HashSet<string> keys = new(StringComparer.Ordinal);

        /// <summary>Lets a message through, and returns null; otherwise the verdict on it. Those of its key that come after it wait with it.</summary>
        public Verdict? Refuse(Work work)
        {
            var key = work.Delivery.Envelope.Key;
            if (key is not null && keys.Contains(key))
            {
                return Verdict.Again();
            }

            if (TryTake(work))
            {
                return null;
            }

            if (key is not null)
            {
                keys.Add(key);
            }

            return Verdict.Again(Patience, work.Ticket!.Turn);
        }

        public void Dispose()
        {
            foreach (var instance in instances)
            {
                gate.Leave(instance);
            }
        }

        /// <summary>All of the message's instances or none, so that two messages never wait for each other.</summary>
        private bool TryTake(Work work)
        {
            var taken = new List<Guid>();
            foreach (var instance in work.Instances.Distinct().Where(instance => !instances.Contains(instance)))
            {
                if (!gate.TryTake(instance, work))
                {
                    taken.ForEach(gate.Leave);
                    return false;
                }

                taken.Add(instance);
            }

            instances.UnionWith(taken);
            return true;
        }
    }
}
