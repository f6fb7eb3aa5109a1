namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>The message of all scenarios: 300 bytes as JSON, give or take the digits of its numbers.</summary>
internal sealed record OrderPlaced(int Number, int Customer, string Note)
{
    /// <summary>What it is registered as.</summary>
    public const string Name = "shop.order-placed";

    /// <summary>How many keys the messages of a run are spread over.</summary>
    public const int Customers = 1_000;

    /// <summary>The number of a message that is no order: it is put behind all others.</summary>
    public const int Marker = -1;

    private static readonly string Filler = new('x', 255);

    /// <summary>The message of that number. Numbers that differ by <see cref="Customers"/> have the same key.</summary>
    public static OrderPlaced Create(int number) => new(number, CustomerOf(number), Filler);

    public static int CustomerOf(int number) => number % Customers;
}
