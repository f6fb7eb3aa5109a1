namespace OrderFulfilment.Chaos;

/// <summary>What <c>eng/chaos</c> was asked for.</summary>
/// <param name="Length">How long faults are injected.</param>
/// <param name="Processes">How many processes of the sample there are; over a broker, of each service.</param>
/// <param name="Seed">Decides which faults come when.</param>
/// <param name="Servers">The script that restarts servers; null if one of them is somebody else's.</param>
internal sealed record ChaosOptions(TimeSpan Length, int Processes, int Seed, string? Servers)
{
    public const string Usage = "eng/chaos [--transport in-process|rabbitmq] [--minutes M] [--processes N] [--seed S]";

    private const int MaxMinutes = 1_440;
    private const int MaxProcesses = 10;
    private const int MaxProcessesOfService = 4;

    /// <summary>Whether messages go over RabbitMQ, and each process runs one of the services.</summary>
    public bool HasBroker { get; init; }

    /// <summary>From the beginning of a fault to that of the next. Those of a broker take longer, and there are more processes to start again.</summary>
    public TimeSpan LongestPause => TimeSpan.FromSeconds(HasBroker ? 8 : 4);

    /// <summary>How many orders are placed, as long as the processes keep up.</summary>
    public int OrdersPerSecond { get; init; } = 20;

    /// <exception cref="DemoException">There is no such option, or not that value of it.</exception>
    public static ChaosOptions Parse(string[] args)
    {
        var options = new ChaosOptions(TimeSpan.FromMinutes(5), Processes: 0, Seed: 1, Servers: null);
        foreach (var (option, value) in DemoArguments.Pairs(args))
        {
            options = option switch
            {
                "--transport" => options with { HasBroker = DemoArguments.Choice(option, value, "in-process", "rabbitmq") == "rabbitmq" },
                "--minutes" => options with { Length = TimeSpan.FromMinutes(DemoArguments.Number(option, value, 1, MaxMinutes)) },
                "--processes" => options with { Processes = DemoArguments.Number(option, value, 1, MaxProcesses) },
                "--seed" => options with { Seed = DemoArguments.Number(option, value, 0, int.MaxValue) },
                "--servers" => options with { Servers = value },
                _ => throw new DemoException($"{option}: there is no such option."),
            };
        }

        return options with { Processes = ProcessesOf(options) };
    }

    /// <summary>Over a broker each service needs one to take over.</summary>
    private static int ProcessesOf(ChaosOptions options) => options switch
    {
        { Processes: 0 } => options.HasBroker ? 2 : 3,
        { HasBroker: true, Processes: < 2 or > MaxProcessesOfService } => throw new DemoException($"--processes {options.Processes}: choose 2 to {MaxProcessesOfService} of each service with --transport rabbitmq."),
        _ => options.Processes,
    };
}
