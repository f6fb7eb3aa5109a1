namespace OrderFulfilment.Chaos.Faults;

/// <summary>Which fault comes when: chance, but the same for the same seed.</summary>
internal static class FaultPlan
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(0.3);

    /// <param name="faults">Names of faults. In the long run each comes as often as it is in here, and none is forgotten.</param>
    /// <param name="nodes">How many processes there are.</param>
    /// <param name="options">Say how long faults begin, and how often; the seed decides everything else.</param>
    public static IReadOnlyList<PlannedFault> Make(IReadOnlyList<string> faults, int nodes, ChaosOptions options)
    {
        var random = new Random(options.Seed);
        var bag = new Queue<string>();
        var plan = new List<PlannedFault>();
        for (var at = Pause(); at < options.Length; at += Pause())
        {
            if (bag.Count == 0)
            {
                bag = new Queue<string>(faults.OrderBy(_ => random.NextDouble()));
            }

            plan.Add(new PlannedFault(at, bag.Dequeue(), random.Next(nodes), random.NextDouble()));
        }

        return plan;

        TimeSpan Pause() => ShortestPause + (random.NextDouble() * (options.LongestPause - ShortestPause));
    }
}
