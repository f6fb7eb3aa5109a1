using System.Globalization;
using System.Text;

namespace Messaging.Toolkit.Testing.Simulations;

/// <summary>A failed run, for the one who has to find out why.</summary>
internal static class Explanation
{
    private const int MostLines = 200;

    /// <param name="failed">The run as the seed has it.</param>
    /// <param name="shortest">The same seed with as few faults as possible.</param>
    public static string Of(RunResult failed, RunResult shortest)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Seed {failed.Seed} broke a rule.");
        foreach (var violation in shortest.Violations)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {violation}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"It had {failed.Settings}.");
        text.AppendLine((shortest.Faults.Count, failed.Faults.Count) switch
        {
            (0, _) => "No fault is needed for it.",
            (1, 1) => $"It needs its only fault: {shortest.Faults[0]}.",
            _ => $"Of its {failed.Faults.Count} faults these are needed: {string.Join(", ", shortest.Faults)}.",
        });
        text.AppendLine(CultureInfo.InvariantCulture, $"To repeat it: .Run(seeds: 1, firstSeed: {failed.Seed}).");
        if (shortest.Violations.FirstOrDefault(violation => violation.MessageId is not null)?.MessageId is { } message)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"The life of message {message:N}, with the faults needed:");
            AppendLast(text, [.. shortest.Trace.LifeOf(message)]);
        }
        else
        {
            text.AppendLine("How it ended:");
            AppendLast(text, shortest.Trace.Events);
        }

        return text.ToString();
    }

    private static void AppendLast(StringBuilder text, IReadOnlyList<Traces.TraceEvent> events)
    {
        if (events.Count > MostLines)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  ({events.Count - MostLines} lines left out)");
        }

        foreach (var step in events.Skip(events.Count - MostLines))
        {
            text.Append("  ").AppendLine(step.ToString());
        }
    }
}
