namespace Messaging.Toolkit.Streams;

/// <summary>The last ids that were added, so many at most. Not thread-safe.</summary>
internal sealed class RememberedIds(int most)
{
    private readonly HashSet<Guid> ids = [];
    private readonly Queue<Guid> order = new();

    public int Count => order.Count;

    public bool Contains(Guid id) => ids.Contains(id);

    /// <summary>One that is known already keeps its place.</summary>
    public void Add(Guid id)
    {
        if (most == 0 || !ids.Add(id))
        {
            return;
        }

        order.Enqueue(id);
        if (order.Count > most)
        {
            ids.Remove(order.Dequeue());
        }
    }
}
