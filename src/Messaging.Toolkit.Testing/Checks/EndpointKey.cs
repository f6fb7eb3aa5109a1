namespace Messaging.Toolkit.Testing.Checks;

/// <summary>One key at one endpoint, where its messages are handled one by one, by whatever way they come.</summary>
internal sealed class EndpointKey
{
    private readonly Dictionary<string, KeyLine> lines = new(StringComparer.Ordinal);

    /// <summary>A message of it is being handled, here or there; by life of a node.</summary>
    public HashSet<object> Running { get; } = [];

    /// <summary>Whether a dead letter holds it.</summary>
    public bool IsHeld => lines.Values.Any(line => line.FirstUnended() is { IsDead: true });

    /// <summary>What comes by a destination. Over a broker the order is that of a destination.</summary>
    public KeyLine By(string destination)
    {
        if (!lines.TryGetValue(destination, out var line))
        {
            lines.Add(destination, line = new KeyLine());
        }

        return line;
    }
}
