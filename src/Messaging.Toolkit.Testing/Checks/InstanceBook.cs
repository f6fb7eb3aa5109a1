using Messaging.Toolkit.Sagas;

namespace Messaging.Toolkit.Testing.Checks;

/// <summary>
/// Remembers how far each stored instance of a saga or process manager had come, and compares: what has finished stays so, each change
/// is told in a history without gaps, and something is followed by one instance only.
/// </summary>
/// <param name="report">Takes what is wrong, a sentence each.</param>
internal sealed class InstanceBook(Action<string> report)
{
    private readonly Dictionary<Guid, InstanceRow> known = [];

    /// <summary>Compares what is stored now with what was known.</summary>
    /// <param name="instances">All of them.</param>
    /// <param name="history">What was added to their histories since the last time, in the order in which it was.</param>
    public void Compare(IReadOnlyList<InstanceRow> instances, IEnumerable<(Guid Instance, int Sequence)> history)
    {
        var added = history.ToLookup(row => row.Instance, row => row.Sequence);
        foreach (var instance in instances)
        {
            Compare(instance, known.GetValueOrDefault(instance.Id), [.. added[instance.Id]]);
        }

        if (instances.Count > known.Count)
        {
            CheckCorrelations(instances);
        }

        // Instances that have been finished long enough are deleted.
        known.Clear();
        foreach (var instance in instances)
        {
            known.Add(instance.Id, instance);
        }
    }

    private void Compare(InstanceRow now, InstanceRow? before, IReadOnlyList<int> added)
    {
        if (before is { IsFinished: true } && now.Status != before.Status)
        {
            report($"{now} had finished: it was {before.Status}, and is {now.Status}.");
        }

        var told = before?.HistoryLength ?? 0;
        if (!added.SequenceEqual(Enumerable.Range(told + 1, added.Count)) || now.HistoryLength != told + added.Count)
        {
            report($"The history of {now} had {told} entries, was given {(added.Count == 0 ? "none" : string.Join(", ", added))}, and is said to have {now.HistoryLength}.");
        }

        // Several messages may share a commit. Each change of theirs tells at least one thing.
        var changes = now.Revision - (before?.Revision ?? 0);
        if (changes < 0 || changes > added.Count || (changes == 0 && (added.Count > 0 || now.Status != before?.Status)))
        {
            report($"{now} has gone from revision {before?.Revision ?? 0} to {now.Revision}, from {before?.Status.ToString() ?? "nothing"} to {now.Status}, with {added.Count} entries in its history.");
        }
    }

    private void CheckCorrelations(IEnumerable<InstanceRow> instances)
    {
        foreach (var twins in instances.GroupBy(instance => (instance.Definition, instance.Correlation)).Where(instances => instances.Count() > 1))
        {
            report($"There are {twins.Count()} instances of one correlation: {string.Join(" and ", twins)}.");
        }
    }
}

/// <summary>A stored instance, as far as it can be judged without its definition.</summary>
internal sealed record InstanceRow(Guid Id, string Definition, string Correlation, int Revision, int HistoryLength, SagaStatus Status)
{
    public bool IsFinished => Status is SagaStatus.Completed or SagaStatus.Compensated;

    public override string ToString() => $"instance {Id:N} of {Definition}";
}
