namespace OrderFulfilment.Stock;

/// <summary>What there is to buy.</summary>
public static class Catalogue
{
    public static IReadOnlyDictionary<string, CatalogueProduct> Products { get; } = new[]
    {
        new CatalogueProduct("cup", 6.50m, 1_000_000),
        new CatalogueProduct("teapot", 24.00m, 1_000_000),
        new CatalogueProduct("kettle", 49.90m, 1_000_000),
        new CatalogueProduct("samovar", 1_900.00m, 25), // Few, so that orders for them compete.
    }.ToDictionary(product => product.Id);
}
