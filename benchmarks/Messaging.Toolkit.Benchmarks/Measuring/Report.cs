using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Toolkit.Benchmarks.Scenarios;

namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>The result of a scenario: medians of its rounds. The ratio is the median of the rounds' own ratios.</summary>
internal sealed record Report(JsonObject Fields)
{
    private static readonly JsonSerializerOptions OneLine = new() { WriteIndented = false };

    public static Report Of(IScenario scenario, Arguments arguments, int messages, IReadOnlyList<(Sample Value, Sample Floor)> pairs, double? statementsPerMessage)
    {
        var fields = new JsonObject
        {
            ["scenario"] = scenario.Name,
            ["database"] = arguments.Database.ToString().ToLowerInvariant(),
            ["transport"] = scenario.Transport,
            ["value"] = Rounded(Median.Of(pairs.Select(pair => pair.Value.Value))),
            ["unit"] = scenario.Unit,
            ["floor"] = Rounded(Median.Of(pairs.Select(pair => pair.Floor.Value))),
            ["ratio"] = Rounded(Median.Of(pairs.Select(pair => pair.Value.Value / pair.Floor.Value))),
            ["rounds"] = pairs.Count,
            ["messages"] = messages,
            ["bytes_per_message"] = Math.Round(Median.Of(pairs.Select(pair => pair.Value.BytesPerMessage))),
            ["floor_bytes_per_message"] = Math.Round(Median.Of(pairs.Select(pair => pair.Floor.BytesPerMessage))),
            ["statements_per_message"] = statementsPerMessage is { } statements ? Rounded(statements) : null,
        };
        foreach (var name in pairs[0].Value.Extra.Keys)
        {
            fields[name] = Rounded(Median.Of(pairs.Select(pair => pair.Value.Extra[name])));
        }

        return new Report(fields);
    }

    public string ToJson() => Fields.ToJsonString(OneLine);

    private static double Rounded(double value) => Math.Round(value, value < 100 ? 3 : 0);
}
