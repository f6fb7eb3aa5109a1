namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>A figure counts only if nothing was lost, doubled or reordered on the way to it.</summary>
internal static class Check
{
    public static void Equal(long expected, long actual, string what)
    {
        if (actual != expected)
        {
            throw new InvalidOperationException($"Expected {expected} {what}, found {actual}: the result is void.");
        }
    }
}
