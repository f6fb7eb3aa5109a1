using Messaging.Toolkit.Benchmarks.Measuring;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>What a good engineer would write by hand instead of using the toolkit. The same work as the scenario's, with fewer guarantees.</summary>
/// <param name="Name">What it is called in the report.</param>
/// <param name="MeasureAsync">Checks at its end that everything is where it should be, and throws if not, as a scenario does.</param>
internal sealed record Baseline(string Name, Func<Run, Task<Sample>> MeasureAsync);
