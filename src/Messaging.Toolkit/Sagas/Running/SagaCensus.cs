using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Measuring;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>
/// Looks whether instances depend on what the definitions of this process do not have. Each process does so soon after its start, as each may have another version of them, and
/// goes on as long as there are any; beyond that only the one that keeps house looks, now and then, for it reads all that are not finished.
/// </summary>
internal sealed class SagaCensus(
    IMessageStore store, IReadOnlyCollection<InstanceDefinition> definitions, Func<bool> keepsHouse, WorkState state, TimeSpan interval, TimeProvider time, ILogger logger)
{
    /// <summary>How many instances of a former version are looked into at once, and in one round: beyond that the numbers are too small.</summary>
    private const int Page = 500;
    private const int MostPages = 20;

    private const string Cure = "they are not touched. Deploy a definition that has it, or one with a Version whose upgrade maps it.";

    private readonly Dictionary<string, InstanceDefinition> known = definitions.ToDictionary(definition => definition.Name, StringComparer.Ordinal);
    private volatile Measured<IReadOnlyList<SagaStanding>>? latest;
    private string? reported;
    private string reportedShapes = "";

    /// <summary>Where the instances stood at the last look; null unless this process is the one that goes on looking, and has done so lately.</summary>
    public Measured<IReadOnlyList<SagaStanding>>? Latest
        => keepsHouse() && latest is { } look && look.Age(time) <= interval * ObservabilityOptions.IntervalsUntilStale ? look : null;

    /// <summary>Does one round; waits.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (reported is null or not "" || keepsHouse())
        {
            await LookAsync(cancellationToken);
        }

        await Task.Delay(interval, time, cancellationToken);
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var standings = (await store.SagaCatalogue.ReadStandingsAsync(cancellationToken)).Where(standing => known.ContainsKey(standing.Definition)).ToList();
        latest = new(standings, time.GetTimestamp());
        var troubles = standings
            .Select(standing => (Standing: standing, Trouble: TroubleOf(known[standing.Definition], standing)))
            .Where(each => each.Trouble is not null)
            .Select(each => $"{each.Standing.Count} instances of '{each.Standing.Definition}', version {each.Standing.Version}, {each.Trouble}")
            .ToList();
        foreach (var former in standings.Where(IsOfAnotherShape).DistinctBy(standing => (standing.Definition, standing.Version, standing.Shape)))
        {
            troubles.AddRange(await FindHiddenAsync(known[former.Definition], former, cancellationToken));
        }

        Report(string.Join(' ', troubles));
        ReportShapes(standings);
    }

    /// <summary>Only those can depend on what is not there.</summary>
    private bool IsOfAnotherShape(SagaStanding standing)
        => known[standing.Definition] is var definition && standing.Version <= definition.Version && (standing.Version != definition.Version || standing.Shape != definition.Shape);

    /// <summary>What instances depend on beside the place where they stand: steps that they may have to undo, timeouts.</summary>
    private async Task<IEnumerable<string>> FindHiddenAsync(InstanceDefinition definition, SagaStanding former, CancellationToken cancellationToken)
    {
        var found = new SortedDictionary<string, int>(StringComparer.Ordinal);
        Guid? last = null;
        for (var page = 0; page < MostPages; page++)
        {
            var instances = await store.SagaCatalogue.ReadProgressAsync(former.Definition, former.Version, former.Shape, last, Page, cancellationToken);
            foreach (var unknown in instances.Select(instance => Dependencies.FindHidden(definition, former.Version, instance.Progress)).OfType<string>())
            {
                found[unknown] = found.GetValueOrDefault(unknown) + 1;
            }

            if (instances.Count < Page)
            {
                break;
            }

            last = instances[^1].Id;
        }

        return found.Select(each => $"{each.Value} instances of '{former.Definition}', version {former.Version}, depend on {each.Key}, which the definition does not have: {Cure}");
    }

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
        if (trouble != (reported ?? "") && trouble != "")
        {
            logger.SagasMisplaced(store.Name, trouble);
        }

        reported = trouble;
    }

    /// <summary>What was added behind where they stand does no harm. Whether it was that cannot be seen in a digest.</summary>
    private void ReportShapes(IEnumerable<SagaStanding> standings)
    {
        var changed = standings
            .Where(standing => standing.Version == known[standing.Definition].Version && standing.Shape != known[standing.Definition].Shape)
            .Select(standing => standing.Definition).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var shapes = string.Join(", ", changed.Select(definition => $"'{definition}'"));
        if (shapes != reportedShapes && shapes != "")
        {
            logger.SagaShapesChanged(store.Name, shapes);
        }

        reportedShapes = shapes;
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
        return unknown is null ? null : $"stand at '{standing.Position}', and the definition has no '{unknown}': {Cure}";
    }
}
