namespace Messaging.Toolkit.Simulations.RabbitMQ.Server;

/// <summary>
/// What a channel has taken and not answered. As in rabbit_channel, what is confirmed without a gap from the oldest on is told
/// by one word, and what is beyond a gap one by one.
/// </summary>
internal sealed class ConfirmBook
{
    private readonly SortedDictionary<ulong, Taken> unanswered = [];
    private readonly SortedSet<ulong> confirmed = [];
    private readonly SortedSet<ulong> refused = [];
    private readonly Dictionary<ulong, Publication> publications = [];

    public bool HasAnswers => confirmed.Count + refused.Count > 0;

    /// <summary>A message was published, to so many queues.</summary>
    public void Expect(ulong number, Publication publication, int queues)
    {
        publications[number] = publication;
        if (refused.Contains(number))
        {
            return;
        }

        if (queues == 0)
        {
            confirmed.Add(number);
        }
        else
        {
            unanswered.Add(number, new Taken { Queues = queues });
        }
    }

    /// <summary>One of its queues has it for good.</summary>
    public void Commit(ulong number)
    {
        if (unanswered.TryGetValue(number, out var taken) && --taken.Queues == 0)
        {
            unanswered.Remove(number);
            confirmed.Add(number);
        }
    }

    /// <summary>One of its queues does not take it.</summary>
    public void Refuse(ulong number, Publication publication)
    {
        publications[number] = publication;
        unanswered.Remove(number);
        refused.Add(number);
    }

    public IReadOnlyList<Answer> TakeAnswers()
    {
        List<Answer> answers = [.. Tell(confirmed, refused, isRefusal: false), .. Tell(refused, confirmed, isRefusal: true)];
        foreach (var number in confirmed.Concat(refused))
        {
            publications.Remove(number);
        }

        confirmed.Clear();
        refused.Clear();
        return answers;
    }

    private List<Answer> Tell(SortedSet<ulong> numbers, SortedSet<ulong> others, bool isRefusal)
    {
        var gap = unanswered.Keys.Concat(others).DefaultIfEmpty(ulong.MaxValue).Min();
        var together = numbers.Where(number => number < gap).ToList();
        List<Answer> answers = together.Count == 0 ? [] : [new Answer(together[^1], Multiple: true, isRefusal, [.. together.Select(number => publications[number])])];
        answers.AddRange(numbers.Skip(together.Count).Select(number => new Answer(number, Multiple: false, isRefusal, [publications[number]])));
        return answers;
    }

    private sealed class Taken
    {
        public int Queues { get; set; }
    }
}

/// <summary>What a channel says of a message, or of all up to it.</summary>
internal sealed record Answer(ulong Number, bool Multiple, bool IsRefusal, IReadOnlyList<Publication> Publications);
