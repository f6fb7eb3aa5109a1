namespace OrderFulfilment.Stock;

/// <param name="InStock">How many the shop begins with.</param>
public sealed record CatalogueProduct(string Id, decimal Price, int InStock);
