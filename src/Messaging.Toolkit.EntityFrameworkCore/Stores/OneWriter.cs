namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>
/// A queue for databases that let one transaction write at a time: transactions of this process wait for each other here,
/// in order and without a thread, instead of polling the database's lock. Only that lock excludes; this one is a courtesy,
/// so whoever has waited too long goes on without it.
/// </summary>
internal sealed class OneWriter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim turn = new(1, 1);

    public Turn Take() => new(turn.Wait(Patience) ? turn : null);

    public async Task<Turn> TakeAsync(CancellationToken cancellationToken) => new(await turn.WaitAsync(Patience, cancellationToken) ? turn : null);

    /// <summary>Ends once, however often it is disposed.</summary>
    public sealed class Turn(SemaphoreSlim? taken) : IDisposable
    {
        private SemaphoreSlim? taken = taken;

        public void Dispose() => Interlocked.Exchange(ref taken, null)?.Release();
    }
}
