using System.Data.Common;
using System.Diagnostics;

namespace Samples.Demo;

/// <summary>Looks at the database of processes all the time, tells of it once a second, and waits for things to happen there.</summary>
/// <param name="processes">Those that work on it.</param>
/// <param name="nothing">How things stand before anything is known.</param>
/// <param name="read">Reads how things stand.</param>
/// <param name="describe">Says it in a line.</param>
/// <typeparam name="TStanding">A record: what is equal is no progress.</typeparam>
public sealed class Watch<TStanding>(IReadOnlyList<DemoProcess> processes, TStanding nothing, Func<Task<TStanding>> read, Func<TStanding, string> describe)
    where TStanding : class
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StandstillLimit = TimeSpan.FromSeconds(60);

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private volatile TStanding standing = nothing;
    private TimeSpan lastProgress;

    /// <summary>As last seen.</summary>
    public TStanding Standing => standing;

    public TimeSpan Elapsed => clock.Elapsed;

    /// <summary>Looks now, whatever happens.</summary>
    public async Task<TStanding> ReadAsync() => standing = await read();

    /// <summary>Says something, with the time before it.</summary>
    public void Say(string text) => Console.WriteLine($"{clock.Elapsed.TotalSeconds,5:F1} s {text}");

    public void Show() => Say(describe(standing));

    /// <summary>Looks until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var shown = clock.Elapsed; !cancellationToken.IsCancellationRequested;)
        {
            try
            {
                var now = await read();
                if (!now.Equals(standing))
                {
                    standing = now;
                    lastProgress = clock.Elapsed;
                }
            }
            catch (DbException)
            {
                // Busy for a moment, perhaps because a process has just died. Standstill is noticed elsewhere.
            }

            if (clock.Elapsed - shown > TimeSpan.FromSeconds(1))
            {
                shown = clock.Elapsed;
                Show();
            }

            await Task.Delay(Look, CancellationToken.None);
        }
    }

    /// <summary>Waits until something is so. Throws if a process has died, the clients have failed, or nothing happens any more.</summary>
    public async Task UntilAsync(Func<bool> condition, Task clients, CancellationToken cancellationToken)
    {
        lastProgress = clock.Elapsed;
        while (!condition())
        {
            foreach (var process in processes)
            {
                process.ThrowIfDead();
            }

            if (clients.IsFaulted)
            {
                await clients;
            }

            if (clock.Elapsed - lastProgress > StandstillLimit)
            {
                throw new DemoException($"Nothing has happened for {StandstillLimit.TotalSeconds} s: {standing}.");
            }

            await Task.Delay(Look, cancellationToken);
        }
    }
}
