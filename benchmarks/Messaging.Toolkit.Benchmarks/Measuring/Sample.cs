namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>What one run of a scenario or of its floor came to.</summary>
/// <param name="Value">In the scenario's unit.</param>
/// <param name="BytesPerMessage">Allocated in the process, by everything that ran.</param>
/// <param name="StatementsPerMessage">Commands sent to the database, if they were counted.</param>
internal sealed record Sample(double Value, double BytesPerMessage, double? StatementsPerMessage)
{
    /// <summary>What the processors did for a message, if that is known.</summary>
    public CpuTimes? Cpu { get; init; }

    /// <summary>Further figures of some scenarios, by their name in the report.</summary>
    public IReadOnlyDictionary<string, double> Extra { get; init; } = new Dictionary<string, double>();
}
