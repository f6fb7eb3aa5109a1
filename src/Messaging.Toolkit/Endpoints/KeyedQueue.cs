namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// Waiting items in order per key: an item is ready when no earlier one of its key is waiting, running or pausing. Items
/// without a key are each a line of their own. Not thread-safe.
/// </summary>
/// <param name="keyOf">The key of an item, or null.</param>
/// <param name="runsAlone">Whether an item must not be taken together with others.</param>
/// <param name="isUrgent">Whether a line goes before others when this item is its first. Null if there is no such.</param>
internal sealed class KeyedQueue<T>(Func<T, string?> keyOf, Func<T, bool> runsAlone, Func<T, bool>? isUrgent = null)
{
    private readonly Dictionary<string, Line> lines = new(StringComparer.Ordinal);
    private readonly UrgentFirst<Line> ready = new(line => isUrgent is not null && isUrgent(line.First));
    private readonly HashSet<Line> paused = [];

    /// <summary>Items that are waiting or running.</summary>
    public int Count { get; private set; }

    /// <summary>Items that wait for a worker or for one before them.</summary>
    public int Waiting { get; private set; }

    /// <summary>Lines whose first item could be taken now.</summary>
    public int Ready => ready.Count;

    /// <summary>Whether what would be taken next must be taken alone.</summary>
    public bool NextRunsAlone => ready.TryPeek(out var line) && runsAlone(line.First);

    public void Add(T item) => Add(item, static (line, added) => line.Add(added));

    /// <summary>Adds an item before all that wait in its line.</summary>
    public void AddFirst(T item) => Add(item, static (line, added) => line.AddFirst(added));

    private void Add(T item, Action<Line, T> toLine)
    {
        Count++;
        Waiting++;
        var key = keyOf(item);
        if (key is not null && lines.TryGetValue(key, out var line))
        {
            toLine(line, item);
            return;
        }

        line = new Line(key);
        line.Add(item);
        ready.Enqueue(line);
        if (key is not null)
        {
            lines.Add(key, line);
        }
    }

    /// <summary>
    /// Takes at most <paramref name="max"/> items to be run one after another: the first of each ready line, and, if there are
    /// not enough lines, the next ones of the lines taken, which nobody else could run meanwhile.
    /// </summary>
    /// <param name="max">How many.</param>
    /// <param name="admits">Asked before each is taken; the first that it refuses, and what comes after, stays. Null if all may be taken.</param>
    /// <param name="maxLines">Of how many lines they are at most.</param>
    public List<T> Take(int max, Func<T, bool>? admits = null, int maxLines = int.MaxValue)
    {
        var taken = new List<T>(Math.Min(max, Waiting));
        var from = new List<Line>(Math.Min(max, ready.Count));
        while (taken.Count < max && from.Count < maxLines && ready.TryPeek(out var line) && (taken.Count == 0 || !runsAlone(line.First)))
        {
            if (admits?.Invoke(line.First) == false)
            {
                max = taken.Count;
                break;
            }

            ready.Dequeue();
            from.Add(line);
            line.IsTaken = true;
            taken.Add(line.Take());
            if (runsAlone(taken[0]))
            {
                max = 1;
            }
        }

        for (var more = true; more && taken.Count < max;)
        {
            more = false;
            foreach (var line in from)
            {
                if (taken.Count < max && !line.IsEmpty && !runsAlone(line.First))
                {
                    if (admits?.Invoke(line.First) == false)
                    {
                        max = taken.Count;
                        break;
                    }

                    taken.Add(line.Take());
                    more = true;
                }
            }
        }

        Waiting -= taken.Count;
        return taken;
    }

    /// <summary>
    /// Ends a group that was taken. Those to be run again go back to the front of their lines; the lines of the others go on.
    /// </summary>
    /// <param name="group">What <see cref="Take"/> returned.</param>
    /// <param name="again">Those of the group to be run again, in their order, and whether their line is to pause.</param>
    /// <returns>The lines that pause: each until <see cref="Resume"/> is called for it. In the order of the items that pause.</returns>
    public IReadOnlyList<Line> Complete(IReadOnlyList<T> group, IReadOnlyList<(T Item, bool Pauses)> again)
    {
        Count -= group.Count - again.Count;
        Waiting += again.Count;
        var pausing = new List<Line>();
        for (var i = again.Count - 1; i >= 0; i--)
        {
            var (item, pauses) = again[i];
            var line = keyOf(item) is { } key ? lines[key] : new Line(key: null);
            line.PutBack(item);
            if (pauses)
            {
                paused.Add(line);
                pausing.Add(line);
            }
            else if (line.Key is null)
            {
                ready.Enqueue(line);
            }
        }

        foreach (var item in group)
        {
            // Of a line that has several in the group the first lets it go on, and it may be gone then.
            if (keyOf(item) is { } key && lines.TryGetValue(key, out var line) && line.IsTaken)
            {
                line.IsTaken = false;
                Continue(line);
            }
        }

        pausing.Reverse();
        return pausing;
    }

    /// <summary>Ends the pause of a line.</summary>
    public void Resume(Line line)
    {
        if (paused.Remove(line))
        {
            Continue(line);
        }
    }

    /// <summary>Removes and returns what waits and is to go, also in lines that pause; what runs stays.</summary>
    public List<T> Remove(Func<T, bool> goes)
    {
        var removed = new List<T>();
        foreach (var line in lines.Values.Concat(ready.Items).Concat(paused).Distinct())
        {
            line.Remove(goes, removed);
        }

        // A line that is neither ready nor pausing is running: it is still needed to be completed.
        foreach (var line in ready.Items.Concat(paused).Where(line => line.IsEmpty && line.Key is not null))
        {
            lines.Remove(line.Key!);
        }

        var stillReady = ready.Items.Where(line => !line.IsEmpty).ToList();
        ready.Clear();
        stillReady.ForEach(ready.Enqueue);
        paused.RemoveWhere(line => line.IsEmpty);
        Count -= removed.Count;
        Waiting -= removed.Count;
        return removed;
    }

    private void Continue(Line line)
    {
        if (paused.Contains(line))
        {
            return;
        }

        if (!line.IsEmpty)
        {
            ready.Enqueue(line);
        }
        else if (line.Key is not null)
        {
            lines.Remove(line.Key);
        }
    }

    /// <summary>The items of one key, in order. Most have but one in their life, so that the rest is made when it is needed.</summary>
    public sealed class Line(string? key)
    {
        private Queue<T>? before;
        private Stack<T>? returned;
        private (bool IsThere, T Item) one;
        private Queue<T>? others;

        public string? Key { get; } = key;

        /// <summary>Whether some of it run.</summary>
        public bool IsTaken { get; set; }

        public bool IsEmpty => !one.IsThere && others is not { Count: > 0 } && returned is not { Count: > 0 } && before is not { Count: > 0 };

        public T First => before is { Count: > 0 } ? before.Peek() : returned is { Count: > 0 } ? returned.Peek() : one.IsThere ? one.Item : others!.Peek();

        public void Add(T item)
        {
            if (one.IsThere || others is { Count: > 0 })
            {
                (others ??= new()).Enqueue(item);
            }
            else
            {
                one = (true, item);
            }
        }

        /// <summary>Before all that are in the line, and what is put back into it.</summary>
        public void AddFirst(T item) => (before ??= new()).Enqueue(item);

        public void PutBack(T item) => (returned ??= new()).Push(item);

        /// <summary>Adds to the list, in their order, those that go.</summary>
        public void Remove(Func<T, bool> goes, List<T> removed)
        {
            if (before is not null)
            {
                Remove(before, goes, removed);
            }

            if (returned is not null)
            {
                removed.AddRange(returned.Where(goes));
                returned = new(returned.Where(item => !goes(item)).Reverse());
            }

            if (one.IsThere && goes(one.Item))
            {
                removed.Add(TakeOne());
            }

            if (others is not null)
            {
                Remove(others, goes, removed);
            }
        }

        private static void Remove(Queue<T> queue, Func<T, bool> goes, List<T> removed)
        {
            for (var left = queue.Count; left > 0; left--)
            {
                var item = queue.Dequeue();
                if (goes(item))
                {
                    removed.Add(item);
                }
                else
                {
                    queue.Enqueue(item);
                }
            }
        }

        public T Take() => before is { Count: > 0 } ? before.Dequeue() : returned is { Count: > 0 } ? returned.Pop() : one.IsThere ? TakeOne() : others!.Dequeue();

        private T TakeOne()
        {
            var item = one.Item;
            one = default;
            return item;
        }
    }
}
