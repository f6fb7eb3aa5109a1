namespace SpaceProvisioning.Demo.Spaces;

/// <summary>A mix of spaces that is the same for the same seed.</summary>
internal static class SpacePlan
{
    private static readonly string[] Refused = ["no-shard", "no-licence", "no-route", "broken-shard", "broken-licence", "broken-route"];

    public static IReadOnlyList<PlannedSpace> Make(int count, int seed)
    {
        var random = new Random(seed);
        var names = Enumerable.Range(0, count).Select(number => NameOf(random, number)).ToList();
        var asked = names.CountBy(name => name).ToDictionary();
        return [.. names.Select(name => new PlannedSpace(
            NewKey(random), name, MayComplete: !Array.Exists(Refused, name.StartsWith),
            MayBeUndone: asked[name] > 1 || Array.Exists(Refused, name.StartsWith), IsImpatient: random.Next(20) == 0))];
    }

    private static string NameOf(Random random, int number) => random.Next(100) switch
    {
        < 50 => $"space-{number}",
        < 55 => $"slow-shard-{number}",
        < 65 => $"space-{random.Next(number + 1)}", // Somebody else may have it, or want it at the same time: first come, first served.
        _ => $"{Refused[random.Next(Refused.Length)]}-{number}",
    };

    private static Guid NewKey(Random random)
    {
        var key = new byte[16];
        random.NextBytes(key);
        return new Guid(key);
    }
}
