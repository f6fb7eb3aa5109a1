using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;

namespace Messaging.Toolkit.Benchmarks.Scenarios;

/// <summary>
/// Something an application does with the toolkit, and its floor: the least that the same work costs without it. Both
/// check at their end that everything is where it should be, and throw if not.
/// </summary>
internal interface IScenario
{
    /// <summary>What it is asked for by, together with <see cref="Transport"/>.</summary>
    string Name { get; }

    string Transport => TransportNames.InProcess;

    /// <summary>Whether it is measured on that database at all.</summary>
    bool RunsOn(DatabaseKind database) => true;

    string Unit { get; }

    int DefaultRounds => 5;

    /// <summary>What it is compared with beside the floor. On PostgreSQL alone: they are written for it.</summary>
    IReadOnlyList<Baseline> Baselines => [];

    int DefaultMessages(DatabaseKind database);

    Task<Sample> MeasureAsync(Run run);

    Task<Sample> MeasureFloorAsync(Run run);
}
