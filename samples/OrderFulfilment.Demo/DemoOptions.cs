namespace OrderFulfilment.Demo;

/// <summary>What <c>eng/demo</c> was asked for.</summary>
internal sealed record DemoOptions(string Database, string Transport, int Orders, int Crashes, int Seed)
{
    /// <summary>The script that restarts the broker; null if the broker is somebody else's, and is left alone.</summary>
    public string? Servers { get; init; }

    public bool HasBroker => Transport != "in-process";

    public bool RestartsBroker => HasBroker && Servers is not null;

    /// <summary>With fewer orders between them, crashes would hit an idle process.</summary>
    public const int OrdersPerCrash = 20;

    private const int MaxOrders = 20_000;
    private const int MaxCrashes = 20;

    public const string Usage = "eng/demo [--database sqlite|postgres] [--transport in-process|rabbitmq|kafka] [--orders N] [--crashes K] [--seed S]";

    /// <exception cref="DemoException">There is no such option, or not that value of it.</exception>
    public static DemoOptions Parse(string[] args)
    {
        var database = "sqlite";
        var transport = "in-process";
        var orders = 500;
        int? crashes = null;
        var seed = 1;
        string? servers = null;
        foreach (var (option, value) in DemoArguments.Pairs(args))
        {
            switch (option)
            {
                case "--database":
                    database = DemoArguments.Choice(option, value, "sqlite", "postgres");
                    break;
                case "--transport":
                    transport = DemoArguments.Choice(option, value, "in-process", "rabbitmq", "kafka");
                    break;
                case "--orders":
                    orders = DemoArguments.Number(option, value, 1, MaxOrders);
                    break;
                case "--crashes":
                    crashes = DemoArguments.Number(option, value, 0, MaxCrashes);
                    break;
                case "--seed":
                    seed = DemoArguments.Number(option, value, 0, int.MaxValue);
                    break;
                case "--servers":
                    servers = value;
                    break;
                default:
                    throw new DemoException($"{option}: there is no such option.");
            }
        }

        if (transport != "in-process" && database != "postgres")
        {
            throw new DemoException($"--transport {transport}: its four processes share a database, which needs --database postgres.");
        }

        var mostCrashes = orders / OrdersPerCrash;
        return crashes > mostCrashes
            ? throw new DemoException($"--crashes {crashes}: {orders} orders are enough for {mostCrashes}; each needs {OrdersPerCrash} to hit the work in its middle.")
            : new DemoOptions(database, transport, orders, crashes ?? Math.Min(3, mostCrashes), seed) { Servers = servers };
    }
}
