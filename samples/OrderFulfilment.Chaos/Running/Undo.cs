namespace OrderFulfilment.Chaos.Running;

/// <summary>Takes something back, once.</summary>
internal sealed class Undo(Action action) : IDisposable
{
    private int isDone;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref isDone, 1) == 0)
        {
            action();
        }
    }
}
