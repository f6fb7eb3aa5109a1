namespace Messaging.Toolkit.Runtime;

/// <summary>
/// A token that fires a moment after another one: what must not be left in the middle when its owner is told to stop has that moment to come
/// to its end.
/// </summary>
internal sealed class Grace : IAsyncDisposable
{
    private readonly CancellationTokenSource over = new();
    private readonly ITimer timer;
    private readonly CancellationTokenRegistration registration;

    /// <param name="stopping">The other one.</param>
    /// <param name="moment">How long after it.</param>
    /// <param name="time">Measures the moment.</param>
    public Grace(CancellationToken stopping, TimeSpan moment, TimeProvider time)
    {
        timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), over, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        registration = stopping.UnsafeRegister(_ => timer.Change(moment, Timeout.InfiniteTimeSpan), null);
    }

    public CancellationToken Token => over.Token;

    public async ValueTask DisposeAsync()
    {
        await registration.DisposeAsync();
        await timer.DisposeAsync();
        over.Dispose();
    }
}
