namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// A queue that lets urgent items go first, and those of one kind in their order. Of <see cref="MostUrgent"/> + 1 that are taken while others wait,
/// one is not urgent: whatever comes, the others go on. Not thread-safe.
/// </summary>
/// <param name="isUrgent">Asked when an item is added.</param>
internal sealed class UrgentFirst<T>(Func<T, bool> isUrgent)
{
    /// <summary>How many urgent ones are taken at most before one of the others has its turn.</summary>
    public const int MostUrgent = 7;

    private readonly Queue<T> urgent = new();
    private readonly Queue<T> others = new();
    private int urgentInARow;

    public int Count => urgent.Count + others.Count;

    /// <summary>Everything that is in it.</summary>
    public IEnumerable<T> Items => urgent.Concat(others);

    private Queue<T> Next => urgent.Count > 0 && (others.Count == 0 || urgentInARow < MostUrgent) ? urgent : others;

    public void Enqueue(T item) => (isUrgent(item) ? urgent : others).Enqueue(item);

    public bool TryPeek([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T item) => Next.TryPeek(out item);

    public T Dequeue()
    {
        var next = Next;
        urgentInARow = next == urgent && others.Count > 0 ? urgentInARow + 1 : 0;
        return next.Dequeue();
    }

    public void Clear()
    {
        urgent.Clear();
        others.Clear();
    }
}
