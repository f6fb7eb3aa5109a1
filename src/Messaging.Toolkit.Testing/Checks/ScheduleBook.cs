namespace Messaging.Toolkit.Testing.Checks;

/// <summary>
/// Remembers which messages waited to fall due, and compares: none leaves before its time, none leaves and waits, none that was cancelled leaves, and those
/// of a key leave in the order in which they are due.
/// </summary>
/// <param name="report">Takes what is wrong, a sentence each, and the message.</param>
internal sealed class ScheduleBook(Action<string, Guid> report)
{
    private readonly Dictionary<long, ScheduledMessage> known = [];
    private readonly HashSet<(string Destination, Guid MessageId)> cancelled = [];

    /// <summary>Compares what waits after a commit with what waited before it.</summary>
    /// <param name="waiting">All that wait.</param>
    /// <param name="sent">What was added to the outbox, in its order.</param>
    /// <param name="now">The time.</param>
    public void Compare(IReadOnlyList<ScheduledMessage> waiting, IEnumerable<(string Destination, Guid MessageId)> sent, DateTime now)
    {
        var ids = waiting.Select(message => message.Id).ToHashSet();
        var gone = known.Values.Where(message => !ids.Contains(message.Id)).OrderBy(message => message.DueAt).ThenBy(message => message.Id).ToList();
        var last = new Dictionary<(string, string), ScheduledMessage>();
        foreach (var each in sent)
        {
            if (gone.FindIndex(message => message.Is(each)) is var index and >= 0)
            {
                Check(gone[index], last, waiting, now);
                gone.RemoveAt(index);
            }
            else if (waiting.Any(message => message.Is(each)))
            {
                report($"Message {each.MessageId:N} has left for {each.Destination} and still waits: it will leave again.", each.MessageId);
            }
            else if (cancelled.Contains(each))
            {
                report($"Message {each.MessageId:N} has left for {each.Destination} although it had been cancelled.", each.MessageId);
            }
        }

        cancelled.UnionWith(gone.Select(message => (message.Destination, message.MessageId)));
        known.Clear();
        foreach (var message in waiting)
        {
            known.Add(message.Id, message);
        }
    }

    private void Check(ScheduledMessage left, Dictionary<(string, string), ScheduledMessage> last, IEnumerable<ScheduledMessage> waiting, DateTime now)
    {
        if (left.DueAt > now)
        {
            report($"{left} has left at {now:O}.", left.MessageId);
        }

        if (left.Key is not { } key)
        {
            return;
        }

        var before = last.GetValueOrDefault((left.Destination, key)) is { } sooner && left.IsBefore(sooner) ? sooner
            : waiting.FirstOrDefault(message => message.Destination == left.Destination && message.Key == key && message.IsBefore(left) && known.ContainsKey(message.Id));
        if (before is not null)
        {
            report($"{left} and {before} have one key, and the second of them was first, or the first is still there.", left.MessageId);
        }

        last[(left.Destination, key)] = left;
    }
}

/// <summary>A message that waits to fall due.</summary>
internal sealed record ScheduledMessage(long Id, Guid MessageId, string Destination, string? Key, DateTime DueAt)
{
    public bool Is((string Destination, Guid MessageId) message) => Destination == message.Destination && MessageId == message.MessageId;

    public bool IsBefore(ScheduledMessage other) => (DueAt, Id).CompareTo((other.DueAt, other.Id)) < 0;

    public override string ToString() => $"Message {MessageId:N}, due for {Destination} at {DueAt:O},";
}
