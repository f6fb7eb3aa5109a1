using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Sagas;
using SpaceProvisioning.Deeds;
using SpaceProvisioning.Demo.Spaces;
using SpaceProvisioning.Licences;
using SpaceProvisioning.Routing;
using SpaceProvisioning.Shards;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning.Demo.Proving;

/// <summary>Compares what the database says with what the clients were told, and finds everything that does not fit.</summary>
internal sealed class Proof(Evidence evidence, IReadOnlyList<PlannedSpace> plan, IReadOnlyDictionary<Guid, IReadOnlyList<Answer>> answers)
{
    private static readonly string[] Steps = ["activate", "licence", "record", "route", "shard"];
    private static readonly string[] WithCompensation = ["record", "shard", "licence"];

    private readonly Dictionary<Guid, SagaRow> sagas = evidence.Sagas.ToDictionary(saga => saga.Id);
    private readonly ILookup<Guid, SagaHistoryRow> history = evidence.History.ToLookup(entry => entry.SagaId);
    private readonly ILookup<Guid, Deed> deeds = evidence.Deeds.ToLookup(deed => deed.SpaceId);
    private readonly Dictionary<Guid, Space> spaces = evidence.Spaces.ToDictionary(space => space.Id);
    private readonly ILookup<Guid, Placement> placements = evidence.Placements.ToLookup(placement => placement.SpaceId);
    private readonly ILookup<Guid, Licence> licences = evidence.Licences.ToLookup(licence => licence.SpaceId);
    private readonly ILookup<Guid, HostRoute> routes = evidence.Routes.ToLookup(route => route.SpaceId);

    public IReadOnlyList<Finding> Find() =>
    [
        .. plan.Where(space => answers.ContainsKey(space.Key)).SelectMany(CheckSpace),
        .. CheckNames(),
        .. CheckTotals(),
        .. CheckQueues(),
    ];

    private IEnumerable<Finding> CheckSpace(PlannedSpace planned)
    {
        if (!sagas.TryGetValue(planned.Key, out var saga))
        {
            return [new(FindingKind.Lost, $"{planned.Name} was answered and its saga is not there")];
        }

        if (saga.Status is not (SagaStatus.Completed or SagaStatus.Compensated))
        {
            return [new(FindingKind.HalfDone, $"{planned.Name} is {saga.Status} at '{saga.Position}' and goes no further: {saga.Reason}")];
        }

        var isCompleted = saga.Status == SagaStatus.Completed;
        var findings = CheckEffects(planned).Concat(isCompleted ? CheckCompleted(planned) : CheckUndone(planned));
        if (!(isCompleted ? planned.MayComplete : planned.MayBeUndone))
        {
            findings = findings.Append(new(FindingKind.Wrong, $"{planned.Name} is {saga.Status}, and should not be: {saga.Reason}"));
        }

        return findings.Concat(answers[planned.Key].Where(answer => answer.IsCompleted != isCompleted)
            .Select(answer => new Finding(FindingKind.Wrong, $"{planned.Name} is {saga.Status}, and its client was told otherwise by {(int)answer.Status}")));
    }

    /// <summary>Nothing was done or undone twice, whatever became of it.</summary>
    private IEnumerable<Finding> CheckEffects(PlannedSpace planned)
    {
        foreach (var twice in deeds[planned.Key].GroupBy(deed => (deed.Step, deed.IsUndo)).Where(group => group.Count() > 1))
        {
            yield return new(FindingKind.Duplicated, $"{planned.Name}: {twice.Key.Step} was {(twice.Key.IsUndo ? "undone" : "done")} {twice.Count()} times");
        }

        var id = planned.Key;
        if (placements[id].Count() > 1 || licences[id].Count() > 1 || routes[id].Count() > 1)
        {
            yield return new(FindingKind.Duplicated, $"{planned.Name} has {placements[id].Count()} placements, {licences[id].Count()} licences and {routes[id].Count()} routes");
        }

        if (!history[id].Select(entry => entry.Sequence).SequenceEqual(Enumerable.Range(1, history[id].Count())))
        {
            yield return new(FindingKind.Wrong, $"{planned.Name} has a history with gaps");
        }
    }

    private IEnumerable<Finding> CheckCompleted(PlannedSpace planned)
    {
        var id = planned.Key;
        var (placement, licence, route) = (placements[id].FirstOrDefault(), licences[id].FirstOrDefault(), routes[id].FirstOrDefault());
        var isWhole = spaces.GetValueOrDefault(id) is { Status: SpaceStatus.Active } space
            && (space.Shard, space.Licence, space.Host) == (placement?.Shard, licence?.Key, route?.Host)
            && route?.Shard == placement?.Shard && placement is not null && licence is not null && route is not null;
        if (!isWhole || !deeds[id].Where(deed => !deed.IsUndo).Select(deed => deed.Step).Distinct().Order(StringComparer.Ordinal).SequenceEqual(Steps))
        {
            yield return new(FindingKind.HalfDone, $"{planned.Name} is completed, and something is missing");
        }

        if (deeds[id].Any(deed => deed.IsUndo))
        {
            yield return new(FindingKind.HalfDone, $"{planned.Name} is completed, and something was undone");
        }
    }

    private IEnumerable<Finding> CheckUndone(PlannedSpace planned)
    {
        var id = planned.Key;
        if (spaces.ContainsKey(id) || placements.Contains(id) || licences.Contains(id) || routes.Contains(id))
        {
            yield return new(FindingKind.HalfDone, $"{planned.Name} is compensated, and something is left");
        }

        var done = deeds[id].Where(deed => !deed.IsUndo).Select(deed => deed.Step).ToHashSet();
        if (!done.SetEquals(deeds[id].Where(deed => deed.IsUndo).Select(deed => deed.Step)))
        {
            yield return new(FindingKind.HalfDone, $"{planned.Name}: what was done is not what was undone");
        }

        // In the order in which the saga has heard of it, which is that of the services but for steps that run at once.
        var succeeded = StepsOf(id, SagaEvent.StepSucceeded).Where(WithCompensation.Contains);
        if (!StepsOf(id, SagaEvent.CompensationSucceeded).SequenceEqual(succeeded.Reverse()))
        {
            yield return new(FindingKind.OutOfOrder, $"{planned.Name} was not undone in the reverse order");
        }
    }

    private IEnumerable<string> StepsOf(Guid id, SagaEvent what) => history[id].Where(entry => entry.Event == what).Select(entry => entry.Step!);

    /// <summary>Of those who want one name one gets it, if nothing else is in the way.</summary>
    private IEnumerable<Finding> CheckNames() => plan
        .Where(space => space.MayComplete && answers.ContainsKey(space.Key))
        .GroupBy(space => space.Name)
        .Where(name => name.Count(space => sagas.GetValueOrDefault(space.Key)?.Status == SagaStatus.Completed) != 1)
        .Select(name => new Finding(FindingKind.Wrong, $"the name {name.Key} was not given once"));

    private IEnumerable<Finding> CheckTotals()
    {
        foreach (var id in spaces.Keys.Concat(sagas.Keys).Concat(evidence.Deeds.Select(deed => deed.SpaceId)).Distinct().Except(plan.Select(space => space.Key)))
        {
            yield return new(FindingKind.Wrong, $"space {id} is there and nobody has asked for it");
        }

        foreach (var shard in evidence.Shards.Where(shard => shard.Room - shard.Free != evidence.Placements.Count(placement => placement.Shard == shard.Name)))
        {
            yield return new(FindingKind.HalfDone, $"{shard.Name}: room for {shard.Room} and {shard.Free} free do not fit its placements");
        }

        foreach (var contract in evidence.Contracts.Where(contract => contract.Bought - contract.Free != evidence.Licences.Count))
        {
            yield return new(FindingKind.HalfDone, $"licences: {contract.Bought} bought and {contract.Free} free do not fit the {evidence.Licences.Count} that are granted");
        }
    }

    /// <summary>Nothing is on its way, and what could not be handled is what was meant to be.</summary>
    private IEnumerable<Finding> CheckQueues()
    {
        var broken = plan.Where(space => space.IsBroken).Select(space => space.Key).ToHashSet();
        return evidence.Outbox.Select(row => new Finding(FindingKind.Wrong, $"message {row.MessageId} ({row.Type}) still waits for {row.Destination}"))
            .Concat(evidence.DeadLetters.Where(letter => !Guid.TryParse(letter.Key, out var id) || !broken.Contains(id))
                .Select(letter => new Finding(FindingKind.Wrong, $"message {letter.MessageId} ({letter.Type}) of {letter.Endpoint} is in the dead letters: {letter.Reason}")));
    }
}
