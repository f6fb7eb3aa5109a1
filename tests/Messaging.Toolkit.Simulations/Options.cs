using System.Globalization;
using Messaging.Toolkit.Testing;

namespace Messaging.Toolkit.Simulations;

/// <summary>What is asked for on the command line.</summary>
internal sealed record Options
{
    public const string Usage = "eng/simulate [--seeds N] [--seed S] [--faults all|none|Fault,Fault:RATE,...] [--transport in-process|broker|rabbitmq|kafka|kafka-offsets] [--application NAME] [--no-shrink] [--trace] [--coverage]";

    public int Seeds { get; private init; } = 1000;

    public ulong FirstSeed { get; private init; } = 1;

    public FaultRates Faults { get; private init; } = FaultRates.All;

    public Func<Simulation, Simulation> Transport { get; private init; } = simulation => simulation;

    public string? Application { get; private init; }

    public bool Shrinks { get; private init; } = true;

    public bool ShowsTrace { get; private init; }

    public bool ShowsCoverage { get; private init; }

    /// <exception cref="FormatException">It says what is wrong.</exception>
    public static Options Parse(ReadOnlySpan<string> args)
    {
        var options = new Options();
        for (var i = 0; i < args.Length; i++)
        {
            var name = args[i];
            if (options.With(name) is { } changed)
            {
                options = changed;
                continue;
            }

            if (++i == args.Length)
            {
                throw new FormatException($"{name}: its value is missing, or there is no such option.");
            }

            options = options.With(name, args[i]);
        }

        return options;
    }

    /// <summary>For options that have no value; null for the others.</summary>
    private Options? With(string name) => name switch
    {
        "--trace" => this with { ShowsTrace = true, Seeds = 1 },
        "--coverage" => this with { ShowsCoverage = true },
        "--no-shrink" => this with { Shrinks = false },
        _ => null,
    };

    private Options With(string name, string value) => name switch
    {
        "--seeds" => this with { Seeds = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seeds) && seeds > 0 ? seeds : throw Wrong(name, value, "a number from 1") },
        "--seed" => this with { Seeds = 1, FirstSeed = Seed(name, value) },
        "--from" => this with { FirstSeed = Seed(name, value) },
        "--faults" => this with { Faults = ParseFaults(value) },
        "--transport" => this with { Transport = SimulatedTransports.All.GetValueOrDefault(value) ?? throw Wrong(name, value, string.Join(" or ", SimulatedTransports.All.Keys)) },
        "--application" => this with { Application = Applications.All.ContainsKey(value) ? value : throw Wrong(name, value, string.Join(" or ", Applications.All.Keys)) },
        _ => throw new FormatException($"{name}: there is no such option."),
    };

    private static ulong Seed(string name, string value)
        => ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : throw Wrong(name, value, "a number that is not negative");

    private static FaultRates ParseFaults(string value) => value switch
    {
        "all" => FaultRates.All,
        "none" => FaultRates.None,
        _ => value.Split(',').Aggregate(FaultRates.None, AddFault),
    };

    /// <summary>Its name, and how probable it is, if that is not the usual.</summary>
    private static FaultRates AddFault(FaultRates rates, string value)
    {
        var (name, rate) = value.Split(':', 2) is [var first, var second] ? (first, second) : (value, null);
        if (!Enum.TryParse<FaultKind>(name, ignoreCase: true, out var kind))
        {
            throw Wrong("--faults", name, $"some of {string.Join(", ", Enum.GetNames<FaultKind>())}");
        }

        return rate is null ? rates.With(kind, FaultRates.All[kind])
            : double.TryParse(rate, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var probability) && probability <= 1 ? rates.With(kind, probability)
            : throw Wrong("--faults", value, $"a rate between 0 and 1, as in {name}:0.2");
    }

    private static FormatException Wrong(string name, string value, string choices) => new($"{name} {value}: choose {choices}.");
}
