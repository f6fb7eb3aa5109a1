namespace Samples.Demo;

/// <summary>Something that should not be.</summary>
public sealed record Finding(FindingKind Kind, string Text)
{
    private const int MostShown = 50;

    public static void Show(IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings.Take(MostShown))
        {
            Console.WriteLine($"{finding.Kind}: {finding.Text}");
        }

        if (findings.Count > MostShown)
        {
            Console.WriteLine($"... and {findings.Count - MostShown} more");
        }
    }
}
