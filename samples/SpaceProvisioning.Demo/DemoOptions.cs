namespace SpaceProvisioning.Demo;

/// <summary>What <c>eng/demo --sample provisioning</c> was asked for.</summary>
internal sealed record DemoOptions(string Database, string Transport, int Spaces, int Crashes, int Seed)
{
    public const string Usage = "eng/demo --sample provisioning [--database sqlite|postgres] [--transport in-process|rabbitmq|kafka] [--spaces N] [--crashes K] [--seed S]";

    /// <summary>With fewer spaces between them, crashes would hit an idle process.</summary>
    public const int SpacesPerCrash = 20;

    private const int MaxSpaces = 4_000; // Fewer than there is room for.
    private const int MaxCrashes = 20;

    public bool HasBroker => Transport != "in-process";

    /// <exception cref="DemoException">There is no such option, or not that value of it.</exception>
    public static DemoOptions Parse(string[] args)
    {
        var options = new DemoOptions("sqlite", "in-process", Spaces: 300, Crashes: 3, Seed: 1);
        foreach (var (option, value) in DemoArguments.Pairs(args))
        {
            options = option switch
            {
                "--database" => options with { Database = DemoArguments.Choice(option, value, "sqlite", "postgres") },
                "--transport" => options with { Transport = DemoArguments.Choice(option, value, "in-process", "rabbitmq", "kafka") },
                "--spaces" => options with { Spaces = DemoArguments.Number(option, value, 1, MaxSpaces) },
                "--crashes" => options with { Crashes = DemoArguments.Number(option, value, 0, MaxCrashes) },
                "--seed" => options with { Seed = DemoArguments.Number(option, value, 0, int.MaxValue) },
                _ => throw new DemoException($"{option}: there is no such option."),
            };
        }

        return options switch
        {
            { HasBroker: true, Database: not "postgres" } => throw new DemoException($"--transport {options.Transport}: its four processes share a database, which needs --database postgres."),
            _ when options.Crashes * SpacesPerCrash > options.Spaces => throw new DemoException(
                $"--crashes {options.Crashes}: {options.Spaces} spaces are enough for {options.Spaces / SpacesPerCrash}; each needs {SpacesPerCrash} to hit the work in its middle."),
            _ => options,
        };
    }
}
