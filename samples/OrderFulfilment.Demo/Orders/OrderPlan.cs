using OrderFulfilment.Ordering;

namespace OrderFulfilment.Demo.Orders;

/// <summary>A mix of orders that is the same for the same seed.</summary>
internal static class OrderPlan
{
    private const int Customers = 25;

    private static readonly string[] Plenty = ["cup", "teapot", "kettle"];

    public static IReadOnlyList<PlannedOrder> Make(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Next(random))];
    }

    private static PlannedOrder Next(Random random)
    {
        var plenty = Plenty[random.Next(Plenty.Length)];
        return random.Next(100) switch
        {
            < 70 => Order(random, plenty, random.Next(1, 6), "tok", OrderStatus.Completed),
            < 80 => Order(random, plenty, random.Next(1, 6), "tok-declined", OrderStatus.Cancelled),
            < 85 => Order(random, "kettle", 120, "tok", OrderStatus.Cancelled), // Over the limit of any card.
            < 90 => Order(random, "samovar", 26, "tok", OrderStatus.Rejected), // One more than there ever were.
            < 95 => Order(random, "samovar", random.Next(1, 3), "tok", OrderStatus.Completed, OrderStatus.Rejected), // First come, first served.
            _ => Order(random, "samovar", random.Next(1, 3), "tok-declined", OrderStatus.Cancelled, OrderStatus.Rejected),
        };
    }

    private static PlannedOrder Order(Random random, string product, int quantity, string card, params OrderStatus[] ends)
    {
        var id = new byte[16];
        random.NextBytes(id);
        var request = new PlaceOrderRequest(new Guid(id), $"customer-{random.Next(Customers)}", product, quantity, card);
        return new PlannedOrder(request, ends, IsImpatient: random.Next(20) == 0);
    }
}
