using Messaging.Toolkit.Benchmarks.Scenarios;

namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>
/// Measures a scenario and its floor in alternation: the machine's mood changes from minute to minute, so only figures
/// taken side by side are compared. The first round of each is for the JIT and the counting of statements and does not count.
/// </summary>
internal static class Rounds
{
    public static async Task<Report> RunAsync(IScenario scenario, Arguments arguments)
    {
        var kind = arguments.Database;
        var messages = arguments.Messages ?? scenario.DefaultMessages(kind);
        var rounds = arguments.Rounds ?? scenario.DefaultRounds;
        await using var kept = scenario as IAsyncDisposable; // What it shares among its rounds.
        Log($"{scenario.Name} on {kind}, {scenario.Transport}: {messages} messages, {rounds} rounds");

        Sample counted;
        using (var counter = StatementCounter.For(kind))
        {
            counted = await scenario.MeasureAsync(new Run(kind, messages, counter) { Claims = arguments.Claims });
        }

        Log($"  warm-up: {counted.Value:0.0} {scenario.Unit}");
        await scenario.MeasureFloorAsync(new Run(kind, messages, counter: null) { Claims = arguments.Claims });

        var pairs = new List<(Sample Value, Sample Floor)>();
        for (var round = 1; round <= rounds; round++)
        {
            var pair = await MeasurePairAsync(scenario, new Run(kind, messages, counter: null) { Claims = arguments.Claims }, floorFirst: round % 2 == 1);
            Log($"  round {round}: {pair.Value.Value:0.0} {scenario.Unit}, floor {pair.Floor.Value:0.0}, ratio {pair.Value.Value / pair.Floor.Value:0.00}");
            pairs.Add(pair);
        }

        return Report.Of(scenario, arguments, messages, pairs, counted.StatementsPerMessage);
    }

    private static async Task<(Sample Value, Sample Floor)> MeasurePairAsync(IScenario scenario, Run run, bool floorFirst)
    {
        if (floorFirst)
        {
            var floor = await scenario.MeasureFloorAsync(run);
            return (await scenario.MeasureAsync(run), floor);
        }

        return (await scenario.MeasureAsync(run), await scenario.MeasureFloorAsync(run));
    }

    private static void Log(FormattableString line) => Console.Error.WriteLine(FormattableString.Invariant(line));
}
