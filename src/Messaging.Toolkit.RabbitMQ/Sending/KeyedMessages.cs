namespace Messaging.Toolkit.RabbitMQ.Sending;

/// <summary>
/// Lets no more than so many messages of a key be published before they are confirmed; the others wait here. What
/// is given back takes its followers with it, until the core comes with it again. Not thread-safe.
/// </summary>
internal sealed class KeyedMessages(int perKey)
{
    private readonly Dictionary<string, Line> lines = new(StringComparer.Ordinal);
    private readonly HashSet<string> givenBack = new(StringComparer.Ordinal);

    /// <summary>Takes a message in.</summary>
    public Admission Add(SentMessage message)
    {
        if (message.Key is not { } key)
        {
            return Admission.Publish;
        }

        if (message.Message.ResumesKey)
        {
            givenBack.Remove(key);
        }

        if (givenBack.Contains(key))
        {
            return Admission.GiveBack;
        }

        if (!lines.TryGetValue(key, out var line))
        {
            lines.Add(key, line = new Line());
        }

        if (line.Published < perKey && line.Waiting.Count == 0)
        {
            line.Published++;
            return Admission.Publish;
        }

        line.Waiting.Enqueue(message);
        return Admission.Wait;
    }

    /// <summary>A message has ended well. Returns the next of its key that may be published, or null.</summary>
    public SentMessage? Complete(SentMessage message)
    {
        if (message.Key is not { } key || !lines.TryGetValue(key, out var line))
        {
            return null;
        }

        if (line.Waiting.TryDequeue(out var next))
        {
            return next;
        }

        if (--line.Published == 0)
        {
            lines.Remove(key);
        }

        return null;
    }

    /// <summary>A message is given back, and so is what waits behind it.</summary>
    public IReadOnlyCollection<SentMessage> GiveBack(SentMessage message)
    {
        if (message.Key is not { } key || !lines.TryGetValue(key, out var line))
        {
            return [];
        }

        givenBack.Add(key);
        SentMessage[] followers = [.. line.Waiting];
        line.Waiting.Clear();
        if (--line.Published == 0)
        {
            lines.Remove(key);
        }

        return followers;
    }

    private sealed class Line
    {
        public int Published { get; set; }

        public Queue<SentMessage> Waiting { get; } = [];
    }
}

/// <summary>What happens with a message that is handed over.</summary>
internal enum Admission
{
    /// <summary>It may be published at once.</summary>
    Publish,

    /// <summary>One before it must be confirmed first.</summary>
    Wait,

    /// <summary>One before it was given back, so it is too.</summary>
    GiveBack,
}
