using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Simulations.Networks;

internal static class Latency
{
    /// <summary>Mostly nothing, sometimes a moment, seldom long.</summary>
    public static TimeSpan Next(SeededRandom random) => random.Next(20) switch
    {
        < 12 => TimeSpan.Zero,
        < 19 => random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(2)),
        _ => random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(20)),
    };
}
