namespace Messaging.Toolkit.Testing.Worlds;

/// <summary>Something that happens at a time unless it is cancelled before.</summary>
internal sealed class VirtualTimer(Lane lane, Action run, TimeSpan due)
{
    public Lane Lane => lane;

    public TimeSpan Due => due;

    public bool IsCancelled { get; private set; }

    public void Cancel() => IsCancelled = true;

    public void Fire()
    {
        if (!IsCancelled)
        {
            run();
        }
    }
}
