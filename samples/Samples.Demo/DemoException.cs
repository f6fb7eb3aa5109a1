namespace Samples.Demo;

/// <summary>The demonstration cannot go on, for a reason that its user can understand.</summary>
public sealed class DemoException(string message) : Exception(message);
