namespace Messaging.Toolkit.Endpoints.Limits;

/// <summary>
/// Counts successes and failures of the last while, in ten slices of it: a slice is forgotten as a whole, so that no single outcome has to be
/// remembered. Not thread-safe.
/// </summary>
internal sealed class OutcomeWindow(TimeSpan length, TimeProvider time)
{
    public const int Slices = 10;

    private readonly long begun = time.GetTimestamp();
    private readonly long ticksPerSlice = Math.Max(1, length.Ticks / Slices);
    private readonly (long Number, int Successes, int Failures)[] slices = new (long, int, int)[Slices];

    private long Now => time.GetElapsedTime(begun).Ticks / ticksPerSlice;

    /// <summary>How many there were of each.</summary>
    public (int Successes, int Failures) Counts
    {
        get
        {
            var oldest = Now - Slices + 1;
            var (successes, failures) = (0, 0);
            foreach (var slice in slices)
            {
                if (slice.Number >= oldest)
                {
                    successes += slice.Successes;
                    failures += slice.Failures;
                }
            }

            return (successes, failures);
        }
    }

    public void Add(bool success)
    {
        var number = Now;
        ref var slice = ref slices[number % Slices];
        if (slice.Number != number)
        {
            slice = (number, 0, 0);
        }

        slice = success ? slice with { Successes = slice.Successes + 1 } : slice with { Failures = slice.Failures + 1 };
    }

    public void Clear() => Array.Clear(slices);
}
