namespace OrderFulfilment.Demo;

/// <summary>The demonstration cannot go on, for a reason that its user can understand.</summary>
internal sealed class DemoException(string message) : Exception(message);
