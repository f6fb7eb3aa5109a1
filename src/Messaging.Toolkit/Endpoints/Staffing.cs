namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// How many workers an endpoint needs for what waits, and how much each takes at once. While handlers are quick a transaction costs more than what they do in it: then
/// a few workers that share transactions do more than many with one message each, and more are needed only for what fills groups. Slow handlers are waited for, and
/// all may be needed. Not thread-safe.
/// </summary>
/// <param name="concurrency">How many there may be.</param>
/// <param name="maxGroup">How many messages a transaction may have.</param>
/// <param name="time">The clock.</param>
internal sealed class Staffing(int concurrency, int maxGroup, TimeProvider time)
{
    /// <summary>
    /// Messages share a transaction only while their handlers together take less than about this. Who has been at it for longer does not count any more: what waits is
    /// not to wait for him.
    /// </summary>
    public static readonly TimeSpan LongestGroup = TimeSpan.FromMilliseconds(25);

    private static readonly TimeSpan Quick = LongestGroup / 8;

    /// <summary>With one, the processor would wait whenever that one waits for the database.</summary>
    private const int Few = 2;

    private readonly Dictionary<object, long> running = new(ReferenceEqualityComparer.Instance);

    /// <summary>
    /// How long a handler is expected to take: pessimistic, as one that is slow holds up its whole group. It begins long, rises
    /// to each that took longer at once, and falls slowly.
    /// </summary>
    private double expectedHandlerTicks = LongestGroup.Ticks;

    /// <summary>
    /// How long a message takes in a transaction that it shares, with its part of what that costs: a handler that does nothing but add rows is not quick
    /// if the database is far away. As pessimistic.
    /// </summary>
    private double expectedShareTicks;

    private bool AreQuick => maxGroup > 1 && expectedHandlerTicks <= Quick.Ticks && expectedShareTicks <= Quick.Ticks;

    /// <summary>How many messages a transaction may have, with handlers like these.</summary>
    public int MostInGroup => Math.Max(1, (int)Math.Min(maxGroup, LongestGroup.Ticks / Math.Max(1, expectedHandlerTicks)));

    /// <summary>How many workers are of use for what waits.</summary>
    public int Useful(int waiting) => AreQuick ? Math.Clamp((waiting + maxGroup - 1) / maxGroup, Math.Min(Few, concurrency), concurrency) : concurrency;

    /// <summary>Whether there are enough workers already that will soon take what waits.</summary>
    public bool IsEnough(int waiting)
    {
        if (running.Count < Few || !AreQuick)
        {
            return false;
        }

        var now = time.GetTimestamp();
        return running.Values.Count(begun => time.GetElapsedTime(begun, now) < LongestGroup) >= Useful(waiting);
    }

    /// <summary>A worker begins with a group.</summary>
    public void Begin(object group) => running.Add(group, time.GetTimestamp());

    /// <summary>A worker is done with a group of that many.</summary>
    public void End(object group, int count)
    {
        if (running.Remove(group, out var begun) && count > 1)
        {
            expectedShareTicks = Expect(expectedShareTicks, time.GetElapsedTime(begun) / count);
        }
    }

    /// <summary>A handler has taken that long.</summary>
    public void Observe(TimeSpan handlerTime) => expectedHandlerTicks = Expect(expectedHandlerTicks, handlerTime);

    private static double Expect(double expected, TimeSpan taken) => Math.Max(taken.Ticks, expected + ((taken.Ticks - expected) / 8));
}
