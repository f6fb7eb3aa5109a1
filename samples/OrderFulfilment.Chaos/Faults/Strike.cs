using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Chaos.Faults;

/// <summary>Where a fault is injected, and how hard.</summary>
/// <param name="Node">The process that it hits, if it hits one.</param>
/// <param name="Server">The server that it hits, if it hits all.</param>
/// <param name="Strength">From 0, the mildest, to 1.</param>
internal sealed record Strike(Node Node, Server Server, double Strength)
{
    /// <summary>A time between the two, by the strength.</summary>
    public TimeSpan Between(double minSeconds, double maxSeconds) => TimeSpan.FromSeconds(minSeconds + (Strength * (maxSeconds - minSeconds)));
}
