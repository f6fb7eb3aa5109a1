using System.Globalization;

namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>
/// The table of planted bugs in docs/simulation.md. It says how many seeds were needed to find each when the table was written, and
/// so where to look for it first.
/// </summary>
internal static class BugTable
{
    /// <summary>Set to 1, the tests look for each bug from the first seed on and write the table.</summary>
    public const string Variable = "MESSAGING_TEST_APPROVE";

    public const string Page = "docs/simulation.md";

    private const string Begin = "<!-- planted bugs -->";
    private const string End = "<!-- /planted bugs -->";

    private static readonly Lock Gate = new();

    public static bool IsToBeWritten => Environment.GetEnvironmentVariable(Variable) == "1";

    private static string File => Path.Combine(Repository.Root, Page);

    public static int? SeedOf(PlantedBug bug) => Read().FirstOrDefault(row => row.Name == bug.Name)?.Seeds;

    public static IReadOnlyList<Row> Read() =>
    [
        .. Split().Table.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1)
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => new Row(cells[1], cells[2], cells[3], int.Parse(cells[4], CultureInfo.InvariantCulture))),
    ];

    /// <summary>Puts the bug's row in its place. Rows of bugs that are no more go.</summary>
    public static void Write(PlantedBug bug, Finding finding)
    {
        lock (Gate)
        {
            WriteRow(bug, finding);
        }
    }

    private static void WriteRow(PlantedBug bug, Finding finding)
    {
        var rows = Read().Where(row => row.Name != bug.Name).Append(new Row(bug.Name, bug.Description, finding.Rule, finding.Seed)).ToDictionary(row => row.Name);
        var lines = PlantedBugs.All.Select(planted => rows.GetValueOrDefault(planted.Name)).OfType<Row>()
            .Select(row => $"| {row.Name} | {row.Description} | {row.Rule} | {row.Seeds.ToString(CultureInfo.InvariantCulture)} |");
        var (before, _, after) = Split();
        System.IO.File.WriteAllText(File, $"{before}{Begin}\n{string.Join('\n', ["| planted bug | what the toolkit then does | rule broken | seeds needed |", "|---|---|---|---|", .. lines])}\n{End}{after}");
    }

    private static (string Before, string Table, string After) Split()
    {
        var page = System.IO.File.ReadAllText(File);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal);
        var end = page.IndexOf(End, StringComparison.Ordinal);
        (begin >= 0 && end > begin).Should().BeTrue("{0} must have {1} and {2} around the table", Page, Begin, End);
        return (page[..begin], page[(begin + Begin.Length)..end], page[(end + End.Length)..]);
    }

    /// <param name="Name">The bug.</param>
    /// <param name="Description">What the toolkit then does.</param>
    /// <param name="Rule">What was broken first.</param>
    /// <param name="Seeds">How many seeds it took from the first one on.</param>
    public sealed record Row(string Name, string Description, string Rule, int Seeds);
}
