using System.Globalization;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Scenarios;

namespace Messaging.Toolkit.Benchmarks;

/// <summary>What was asked for on the command line.</summary>
internal sealed record Arguments(IReadOnlyList<IScenario> Scenarios, DatabaseKind Database, string Transport, int? Messages, int? Rounds, int? Claims, int? AutoPrepare)
{
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
            Console.Error.WriteLine($"Usage: eng/bench SCENARIO [--database sqlite|postgres] [--transport {string.Join('|', TransportNames.All)}] [--messages N] [--rounds R] [--claims C] [--auto-prepare S]");
            foreach (var transport in TransportNames.All)
            {
                var names = all.Where(scenario => scenario.Transport == transport).Select(scenario => scenario.Name);
                Console.Error.WriteLine($"Scenarios over {transport}: all, {string.Join(", ", names)}.");
            }

            Console.Error.WriteLine($"Default: postgres, {TransportNames.InProcess}.");
            return null;
        }
    }

    private static Arguments Parse(string[] args, IReadOnlyList<IScenario> all)
    {
        var name = args.FirstOrDefault() ?? throw new FormatException("Which scenario?");
        var arguments = new Arguments(Scenarios: [], DatabaseKind.Postgres, TransportNames.InProcess, Messages: null, Rounds: null, Claims: null, AutoPrepare: null);
        foreach (var option in args.Skip(1).Chunk(2))
        {
            var value = option.ElementAtOrDefault(1) ?? throw new FormatException($"{option[0]} needs a value.");
            arguments = option[0] switch
            {
                "--database" when Enum.TryParse<DatabaseKind>(value, ignoreCase: true, out var database) => arguments with { Database = database },
                "--transport" when TransportNames.All.Contains(value) => arguments with { Transport = value },
                "--messages" => arguments with { Messages = Positive(option[0], value) },
                "--claims" => arguments with { Claims = Positive(option[0], value) },
                "--auto-prepare" => arguments with { AutoPrepare = Positive(option[0], value) },
                "--rounds" => arguments with { Rounds = Positive(option[0], value) },
                _ => throw new FormatException($"'{option[0]} {value}' is not understood."),
            };
        }

        if (arguments is { Database: not DatabaseKind.Postgres, AutoPrepare: not null })
        {
            throw new FormatException("--auto-prepare is Npgsql's: leave it out, or give --database postgres.");
        }

        return arguments with { Scenarios = Choose(name, arguments.Transport, arguments.Database, all) };
    }

    private static List<IScenario> Choose(string name, string transport, DatabaseKind database, IReadOnlyList<IScenario> all)
    {
        var named = all.Where(scenario => (name == "all" || scenario.Name == name) && scenario.RunsOn(database)).ToList();
        if (named.Count == 0)
        {
            throw new FormatException($"There is no scenario '{name}' on {database}.");
        }

        var chosen = named.Where(scenario => scenario.Transport == transport).ToList();
        return chosen.Count > 0
            ? chosen
            : throw new FormatException($"'{name}' is not measured over {transport}: give --transport {string.Join(" or ", named.Select(scenario => scenario.Transport))}.");
    }

    private static int Positive(string option, string value)
        => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"{option} {value}: give a number greater than 0.");
}
