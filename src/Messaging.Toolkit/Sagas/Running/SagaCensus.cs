using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>
/// Looks now and then, the first time soon after the start, whether instances stand where the definitions of this process have nothing. Each process does, as each may have
/// another version of them.
/// </summary>
internal sealed class SagaCensus(
    IMessageStore store, IReadOnlyCollection<InstanceDefinition> definitions, WorkState state, TimeSpan interval, TimeProvider time, ILogger logger)
{
    private readonly Dictionary<string, InstanceDefinition> known = definitions.ToDictionary(definition => definition.Name, StringComparer.Ordinal);
    private string reported = "";

    /// <summary>Does one round; waits.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var troubles = FindMisplaced(await store.SagaCatalogue.ReadStandingsAsync(cancellationToken));
        Report(string.Join(' ', troubles));
        await Task.Delay(interval, time, cancellationToken);
    }

    /// <summary>What is wrong, a sentence each.</summary>
    public IReadOnlyList<string> FindMisplaced(IEnumerable<SagaStanding> standings)
        => [.. standings
            .Where(standing => known.ContainsKey(standing.Definition))
            .Select(standing => (Standing: standing, Trouble: TroubleOf(known[standing.Definition], standing)))
            .Where(each => each.Trouble is not null)
            .Select(each => $"{each.Standing.Count} instances of '{each.Standing.Definition}', version {each.Standing.Version}, {each.Trouble}")];

    private void Report(string trouble)
    {
        if (trouble == "")
        {
            state.Works();
        }
        else
        {
            state.Fails(new SagaMisplacedException(trouble));
        }

        // Once, and not each minute: the health check repeats it for who asks.
        if (trouble != reported && trouble != "")
        {
            logger.SagasMisplaced(store.Name, trouble);
        }

        reported = trouble;
    }

    private static string? TroubleOf(InstanceDefinition definition, SagaStanding standing)
    {
        if (standing.Version > definition.Version)
        {
            return $"are newer than version {definition.Version}, which this process has: their messages wait for one that has theirs.";
        }

        // A name that was removed while something waits for it keeps its name, and is found to be unknown.
        var upgrades = definition.UpgradesFrom(standing.Version).ToList();
        var unknown = standing.Position.Split(", ", StringSplitOptions.RemoveEmptyEntries)
            .Select(position => upgrades.Aggregate(position, (name, upgrade) => upgrade.NameOf(name) ?? name))
            .FirstOrDefault(position => !definition.Has(position));
        return unknown is null
            ? null
            : $"stand at '{standing.Position}', and the definition has no '{unknown}': they are not touched. Deploy a definition with a Version whose upgrade maps it.";
    }
}
