using System.Collections.Concurrent;

namespace Messaging.Toolkit.Kafka.Sending;

/// <summary>
/// What only sending tells, and what would cost all others their producer each time that it is found out again: which topic takes nothing, and which
/// messages are not taken. Outlives senders. Thread-safe.
/// </summary>
internal sealed class BrokerLimits(TimeProvider time)
{
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<string, (string Reason, long At)> topics = new(StringComparer.Ordinal);

    /// <summary>The reason is null as long as it is not known what is wrong with one.</summary>
    private readonly ConcurrentDictionary<Guid, (string? Reason, long At)> messages = new();

    /// <summary>Why a topic took nothing a moment ago, or null.</summary>
    public string? Refuse(string topic) => topics.TryGetValue(topic, out var refused) && time.GetElapsedTime(refused.At) < Memory ? refused.Reason : null;

    /// <summary>Why a message was not taken a moment ago although it was sent alone, or null. Later somebody may have mended its topic, and replays it.</summary>
    public string? Refuse(Guid message) => messages.TryGetValue(message, out var refused) && time.GetElapsedTime(refused.At) < Memory ? refused.Reason : null;

    /// <summary>Whether a message was among some that were refused together: it goes alone, so that it is known whether it was the one.</summary>
    public bool IsSuspect(Guid message) => messages.ContainsKey(message);

    public void LearnTopic(string topic, string reason) => topics[topic] = (reason, time.GetTimestamp());

    public void Suspect(Guid message) => Learn(message, null);

    public void LearnMessage(Guid message, string reason) => Learn(message, reason);

    /// <summary>It was taken.</summary>
    public void Clear(Guid message) => messages.TryRemove(message, out _);

    private void Learn(Guid message, string? reason)
    {
        if (messages.Count >= MostRemembered)
        {
            messages.Clear(); // They are found out again.
        }

        messages[message] = (reason, time.GetTimestamp());
    }
}
