using OrderFulfilment.Demo;

namespace OrderFulfilment.Chaos;

/// <summary>What <c>eng/chaos</c> was asked for.</summary>
/// <param name="Length">How long faults are injected.</param>
/// <param name="Processes">How many processes of the sample there are.</param>
/// <param name="Seed">Decides which faults come when.</param>
/// <param name="Servers">The script that restarts the server; null if the server is somebody else's.</param>
internal sealed record ChaosOptions(TimeSpan Length, int Processes, int Seed, string? Servers)
{
    public const string Usage = "eng/chaos [--minutes M] [--processes N] [--seed S]";

    private const int MaxMinutes = 1_440;
    private const int MaxProcesses = 10;

    /// <summary>How many orders are placed, as long as the processes keep up.</summary>
    public int OrdersPerSecond { get; init; } = 20;

    /// <exception cref="DemoException">There is no such option, or not that value of it.</exception>
    public static ChaosOptions Parse(string[] args)
    {
        var options = new ChaosOptions(TimeSpan.FromMinutes(5), Processes: 3, Seed: 1, Servers: null);
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new DemoException($"{args[i]}: its value is missing.");
            options = args[i] switch
            {
                "--minutes" => options with { Length = TimeSpan.FromMinutes(DemoOptions.Number(args[i], value, 1, MaxMinutes)) },
                "--processes" => options with { Processes = DemoOptions.Number(args[i], value, 1, MaxProcesses) },
                "--seed" => options with { Seed = DemoOptions.Number(args[i], value, 0, int.MaxValue) },
                "--servers" => options with { Servers = value },
                _ => throw new DemoException($"{args[i]}: there is no such option."),
            };
        }

        return options;
    }
}
