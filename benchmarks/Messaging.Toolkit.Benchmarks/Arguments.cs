using System.Globalization;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Scenarios;

namespace Messaging.Toolkit.Benchmarks;

/// <summary>What was asked for on the command line.</summary>
internal sealed record Arguments(IReadOnlyList<IScenario> Scenarios, DatabaseKind Database, string Transport, int? Messages, int? Rounds)
{
    private const string InProcess = "in-process";

    /// <summary>Reads the command line; says what is wrong with it and returns null if it cannot.</summary>
    public static Arguments? TryParse(string[] args, IReadOnlyList<IScenario> all)
    {
        try
        {
            return Parse(args, all);
        }
        catch (FormatException exception)
        {
            Console.Error.WriteLine(exception.Message);
            Console.Error.WriteLine($"Usage: eng/bench SCENARIO [--database sqlite|postgres] [--transport {InProcess}] [--messages N] [--rounds R]");
            Console.Error.WriteLine($"Scenarios: all, {string.Join(", ", all.Select(scenario => scenario.Name))}. Default: postgres, {InProcess}.");
            return null;
        }
    }

    private static Arguments Parse(string[] args, IReadOnlyList<IScenario> all)
    {
        var name = args.FirstOrDefault() ?? throw new FormatException("Which scenario?");
        var chosen = all.Where(scenario => name == "all" || scenario.Name == name).ToList();
        if (chosen.Count == 0)
        {
            throw new FormatException($"There is no scenario '{name}'.");
        }

        var arguments = new Arguments(chosen, DatabaseKind.Postgres, InProcess, Messages: null, Rounds: null);
        foreach (var option in args.Skip(1).Chunk(2))
        {
            var value = option.ElementAtOrDefault(1) ?? throw new FormatException($"{option[0]} needs a value.");
            arguments = option[0] switch
            {
                "--database" when Enum.TryParse<DatabaseKind>(value, ignoreCase: true, out var database) => arguments with { Database = database },
                "--transport" when value == InProcess => arguments with { Transport = value },
                "--messages" => arguments with { Messages = Positive(option[0], value) },
                "--rounds" => arguments with { Rounds = Positive(option[0], value) },
                _ => throw new FormatException($"'{option[0]} {value}' is not understood."),
            };
        }

        return arguments;
    }

    private static int Positive(string option, string value)
        => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"{option} {value}: give a number greater than 0.");
}
