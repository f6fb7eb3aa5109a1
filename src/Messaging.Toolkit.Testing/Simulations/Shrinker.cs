using Messaging.Toolkit.Testing.Faults;

namespace Messaging.Toolkit.Testing.Simulations;

/// <summary>
/// Leaves out faults as long as the same rule is still broken. Zeller and Hildebrandt, "Simplifying and Isolating
/// Failure-Inducing Input", IEEE TSE 2002 (ddmin), without its complements of halves: lists are short here.
/// </summary>
internal sealed class Shrinker(Func<IReadOnlySet<FaultId>, RunResult> run)
{
    private const int MostRuns = 150;

    public RunResult Shrink(RunResult failed)
    {
        var shortest = failed;
        var runs = 0;
        for (var size = Math.Max(1, failed.Faults.Count / 2); ; size = Math.Max(1, size / 2))
        {
            var found = true;
            while (found && runs < MostRuns)
            {
                found = false;
                for (var start = 0; start < shortest.Faults.Count && runs < MostRuns; start += size)
                {
                    runs++;
                    var rest = shortest.Faults.Where((_, index) => index < start || index >= start + size).ToHashSet();
                    var result = run(rest);
                    if (result.Violations.Any(violation => violation.Rule == failed.Violations[0].Rule) && result.Faults.Count < shortest.Faults.Count)
                    {
                        shortest = result;
                        found = true;
                        break;
                    }
                }
            }

            if (size == 1 || runs >= MostRuns)
            {
                return shortest;
            }
        }
    }
}
