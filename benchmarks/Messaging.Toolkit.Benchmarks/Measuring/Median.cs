namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>The middle of several figures, and other shares of them.</summary>
internal static class Median
{
    public static double Of(IEnumerable<double> values) => Percentile(values, 0.5);

    /// <summary>The value below which that share of the values lies, between two of them in proportion.</summary>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        var position = share * (sorted.Length - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
    }
}
