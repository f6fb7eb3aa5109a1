using System.Text.RegularExpressions;

namespace OrderFulfilment.Chaos.Running;

/// <summary>Reads what the processes log, and counts what they call an error.</summary>
internal sealed partial class ErrorLog
{
    private const int MostKept = 50;

    /// <summary>
    /// Who may log errors while the database cannot be reached: a request fails, EF Core and ASP.NET Core tell of it, and
    /// its client asks again. The toolkit retries, and has no error to tell of.
    /// </summary>
    private static readonly string[] Expected = ["Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", "Microsoft.EntityFrameworkCore."];

    private readonly Lock reading = new();
    private readonly Dictionary<string, string> unfinished = [];
    private readonly List<string> unexpected = [];

    /// <summary>Errors that are to be expected.</summary>
    public int ExpectedCount { get; private set; }

    /// <summary>Errors that should not be.</summary>
    public int UnexpectedCount { get; private set; }

    /// <summary>The first of those that should not be.</summary>
    public IReadOnlyList<string> Unexpected
    {
        get
        {
            lock (reading)
            {
                return [.. unexpected];
            }
        }
    }

    /// <summary>Takes the next line of a process: that which follows a heading is the text.</summary>
    public void Read(string process, string line)
    {
        lock (reading)
        {
            if (Heading().Match(line) is { Success: true } heading)
            {
                unfinished.Remove(process);
                Count(process, heading);
            }
            else if (unfinished.Remove(process, out var beginning) && unexpected.Count < MostKept)
            {
                unexpected.Add($"{beginning} {line.Trim()}");
            }
        }
    }

    private void Count(string process, Match heading)
    {
        if (heading.Groups["level"].Value is not ("fail" or "crit"))
        {
            return;
        }

        if (Expected.Any(heading.Groups["category"].Value.StartsWith))
        {
            ExpectedCount++;
            return;
        }

        UnexpectedCount++;
        unfinished[process] = $"{process}: {heading.Value}";
    }

    /// <summary>As the console logger of .NET writes it, with or without a time.</summary>
    [GeneratedRegex(@"^([\d:.]+ )?(?<level>trce|dbug|info|warn|fail|crit): (?<category>\S+)\[\d+\]$")]
    private static partial Regex Heading();
}
