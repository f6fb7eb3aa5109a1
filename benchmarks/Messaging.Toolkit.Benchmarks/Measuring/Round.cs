namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>What was measured side by side: a scenario, its floor, and its baselines by their names.</summary>
internal sealed record Round(Sample Value, Sample Floor, IReadOnlyDictionary<string, Sample> Baselines)
{
    /// <summary>Everything that the value is compared with, by its name in the report.</summary>
    public IEnumerable<KeyValuePair<string, Sample>> Compared => Baselines.Prepend(new KeyValuePair<string, Sample>("floor", Floor));

    public override string ToString()
        => string.Join(", ", Compared.Select(other => FormattableString.Invariant($"{other.Key} {other.Value.Value:0.0} (ratio {Value.Value / other.Value.Value:0.00})")));
}
