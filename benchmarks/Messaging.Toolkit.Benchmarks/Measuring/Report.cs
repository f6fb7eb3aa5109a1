using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Toolkit.Benchmarks.Scenarios;

namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>The result of a scenario: medians of its rounds. The ratios are the medians of the rounds' own ratios.</summary>
internal sealed record Report(JsonObject Fields)
{
    private static readonly JsonSerializerOptions OneLine = new() { WriteIndented = false };

    public static Report Of(IScenario scenario, Arguments arguments, int messages, IReadOnlyList<Round> rounds, double? statementsPerMessage)
    {
        var fields = new JsonObject
        {
            ["scenario"] = scenario.Name,
            ["database"] = arguments.Database.ToString().ToLowerInvariant(),
            ["transport"] = scenario.Transport,
            ["value"] = MedianOf(rounds, round => round.Value.Value),
            ["unit"] = scenario.Unit,
            ["floor"] = MedianOf(rounds, round => round.Floor.Value),
            ["ratio"] = MedianOf(rounds, round => round.Value.Value / round.Floor.Value),
            ["rounds"] = rounds.Count,
            ["messages"] = messages,
            ["bytes_per_message"] = Math.Round(Median.Of(rounds.Select(round => round.Value.BytesPerMessage))),
            ["floor_bytes_per_message"] = Math.Round(Median.Of(rounds.Select(round => round.Floor.BytesPerMessage))),
            ["statements_per_message"] = statementsPerMessage is { } statements ? Rounded(statements) : null,
        };
        if (arguments.AutoPrepare is { } prepared)
        {
            fields["auto_prepare"] = prepared;
        }

        foreach (var name in rounds[0].Baselines.Keys)
        {
            fields[name] = MedianOf(rounds, round => round.Baselines[name].Value);
            fields[$"ratio_to_{name}"] = MedianOf(rounds, round => round.Value.Value / round.Baselines[name].Value);
        }

        AddCpu(fields, "cpu_us", rounds.Select(round => round.Value));
        AddCpu(fields, "floor_cpu_us", rounds.Select(round => round.Floor));
        foreach (var name in rounds[0].Baselines.Keys)
        {
            AddCpu(fields, $"{name}_cpu_us", rounds.Select(round => round.Baselines[name]));
        }

        AddExtra(fields, "", [.. rounds.Select(round => round.Value)]);
        AddExtra(fields, "floor_", [.. rounds.Select(round => round.Floor)]);
        return new Report(fields);
    }

    public string ToJson() => Fields.ToJsonString(OneLine);

    private static void AddExtra(JsonObject fields, string prefix, IReadOnlyList<Sample> samples)
    {
        foreach (var name in samples[0].Extra.Keys)
        {
            fields[prefix + name] = Rounded(Median.Of(samples.Select(sample => sample.Extra[name])));
        }
    }

    /// <summary>Microseconds of processor time for a message: of this process, of the database and of the broker.</summary>
    private static void AddCpu(JsonObject fields, string name, IEnumerable<Sample> samples)
    {
        var times = samples.Select(sample => sample.Cpu).OfType<CpuTimes>().ToList();
        if (times.Count > 0)
        {
            fields[name] = new JsonArray(Each(time => time.Own), Each(time => time.PostgreSql), Each(time => time.RabbitMQ));
        }

        double Each(Func<CpuTimes, TimeSpan> time) => Math.Round(Median.Of(times.Select(each => time(each).TotalMicroseconds)), 1);
    }

    private static double MedianOf(IEnumerable<Round> rounds, Func<Round, double> figure) => Rounded(Median.Of(rounds.Select(figure)));

    private static double Rounded(double value) => Math.Round(value, value < 100 ? 3 : 0);
}
