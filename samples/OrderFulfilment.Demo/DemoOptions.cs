using System.Globalization;

namespace OrderFulfilment.Demo;

/// <summary>What <c>eng/demo</c> was asked for.</summary>
internal sealed record DemoOptions(string Database, int Orders, int Crashes, int Seed)
{
    /// <summary>With fewer orders between them, crashes would hit an idle process.</summary>
    public const int OrdersPerCrash = 20;

    private const int MaxOrders = 20_000;
    private const int MaxCrashes = 20;

    public const string Usage = "eng/demo [--database sqlite|postgres] [--orders N] [--crashes K] [--seed S]";

    /// <exception cref="DemoException">There is no such option, or not that value of it.</exception>
    public static DemoOptions Parse(string[] args)
    {
        var database = "sqlite";
        var orders = 500;
        int? crashes = null;
        var seed = 1;
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new DemoException($"{args[i]}: its value is missing.");
            switch (args[i])
            {
                case "--database":
                    database = value is "sqlite" or "postgres" ? value : throw new DemoException($"--database {value}: choose 'sqlite' or 'postgres'.");
                    break;
                case "--orders":
                    orders = Number(args[i], value, 1, MaxOrders);
                    break;
                case "--crashes":
                    crashes = Number(args[i], value, 0, MaxCrashes);
                    break;
                case "--seed":
                    seed = Number(args[i], value, 0, int.MaxValue);
                    break;
                default:
                    throw new DemoException($"{args[i]}: there is no such option.");
            }
        }

        var mostCrashes = orders / OrdersPerCrash;
        return crashes > mostCrashes
            ? throw new DemoException($"--crashes {crashes}: {orders} orders are enough for {mostCrashes}; each needs {OrdersPerCrash} to hit the work in its middle.")
            : new DemoOptions(database, orders, crashes ?? Math.Min(3, mostCrashes), seed);
    }

    /// <summary>Reads the value of an option that is a number.</summary>
    public static int Number(string option, string value, int min, int max)
        => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new DemoException($"{option} {value}: choose a number from {min} to {max}.");
}
