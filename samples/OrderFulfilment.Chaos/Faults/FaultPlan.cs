namespace OrderFulfilment.Chaos.Faults;

/// <summary>Which fault comes when: chance, but the same for the same seed.</summary>
internal static class FaultPlan
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(0.3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);

    /// <param name="faults">Names of faults. In the long run each comes as often as it is in here, and none is forgotten.</param>
    /// <param name="length">No fault begins later.</param>
    /// <param name="nodes">How many processes there are.</param>
    /// <param name="seed">Decides everything.</param>
    public static IReadOnlyList<PlannedFault> Make(IReadOnlyList<string> faults, TimeSpan length, int nodes, int seed)
    {
        var random = new Random(seed);
        var bag = new Queue<string>();
        var plan = new List<PlannedFault>();
        for (var at = Pause(random); at < length; at += Pause(random))
        {
            if (bag.Count == 0)
            {
                bag = new Queue<string>(faults.OrderBy(_ => random.NextDouble()));
            }

            plan.Add(new PlannedFault(at, bag.Dequeue(), random.Next(nodes), random.NextDouble()));
        }

        return plan;
    }

    private static TimeSpan Pause(Random random) => ShortestPause + (random.NextDouble() * (LongestPause - ShortestPause));
}
