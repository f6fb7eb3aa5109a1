using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Scenarios;

namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>
/// Measures a scenario, its floor and its baselines in turn: the machine's mood changes from minute to minute, so only figures
/// taken side by side are compared. The first round of each is for the JIT and the counting of statements and does not count.
/// </summary>
internal static class Rounds
{
    public static async Task<Report> RunAsync(IScenario scenario, Arguments arguments)
    {
        var kind = arguments.Database;
        var messages = arguments.Messages ?? scenario.DefaultMessages(kind);
        var rounds = arguments.Rounds ?? scenario.DefaultRounds;
        var baselines = kind == DatabaseKind.Postgres ? scenario.Baselines : [];
        await using var kept = scenario as IAsyncDisposable; // What it shares among its rounds.
        Log($"{scenario.Name} on {kind}, {scenario.Transport}: {messages} messages, {rounds} rounds");

        Sample counted;
        using (var counter = StatementCounter.For(kind))
        {
            counted = await scenario.MeasureAsync(new Run(kind, messages, counter) { Claims = arguments.Claims });
        }

        Log($"  warm-up: {counted.Value:0.0} {scenario.Unit}");
        var run = new Run(kind, messages, counter: null) { Claims = arguments.Claims };
        foreach (var other in Others(scenario, baselines))
        {
            await other.MeasureAsync(run);
        }

        var measured = new List<Round>();
        for (var number = 1; number <= rounds; number++)
        {
            var round = await MeasureRoundAsync(scenario, baselines, run, number);
            Log($"  round {number}: {round.Value.Value:0.0} {scenario.Unit}, {round}");
            measured.Add(round);
        }

        return Report.Of(scenario, arguments, messages, measured, counted.StatementsPerMessage);
    }

    /// <summary>The floor comes first in the first round, and in each further round the one that came second before.</summary>
    private static async Task<Round> MeasureRoundAsync(IScenario scenario, IReadOnlyList<Baseline> baselines, Run run, int number)
    {
        var contenders = Others(scenario, baselines).ToList();
        contenders.Insert(1, new Baseline("value", scenario.MeasureAsync));
        var first = (number - 1) % contenders.Count;
        var samples = new Dictionary<string, Sample>();
        foreach (var contender in contenders[first..].Concat(contenders[..first]))
        {
            samples[contender.Name] = await contender.MeasureAsync(run);
        }

        return new Round(samples["value"], samples["floor"], baselines.ToDictionary(baseline => baseline.Name, baseline => samples[baseline.Name]));
    }

    private static IEnumerable<Baseline> Others(IScenario scenario, IReadOnlyList<Baseline> baselines)
        => baselines.Prepend(new Baseline("floor", scenario.MeasureFloorAsync));

    private static void Log(FormattableString line) => Console.Error.WriteLine(FormattableString.Invariant(line));
}
