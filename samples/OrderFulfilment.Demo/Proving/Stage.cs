namespace OrderFulfilment.Demo.Proving;

/// <summary>An endpoint handles one of these messages of an order.</summary>
internal sealed record Stage(string Endpoint, params string[] Messages);
