using Messaging.Toolkit.Scheduling;

namespace Messaging.Toolkit;

/// <summary>What can be said of one message when it is published or sent.</summary>
public sealed class PublishOptions
{
    private Dictionary<string, string>? headers;
    private TimeSpan? delay;
    private DateTimeOffset? at;

    /// <summary>
    /// The ordering key, instead of the one from the registration (<c>KeyedBy</c>). Compared ordinally, at most 512
    /// bytes in UTF-8. Default: the registration's.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>
    /// A correlation id of the caller's, for instance a request id. Default: that of the message being handled.
    /// </summary>
    public string? CorrelationId { get; set; }

    /// <summary>
    /// Headers that travel with the message. Names are HTTP tokens and none of the reserved ones (<c>ce_*</c>,
    /// <c>cloudEvents*</c>, <c>traceparent</c>, <c>content-type</c>, …); values have no control characters.
    /// </summary>
    public IDictionary<string, string> Headers => headers ??= new(StringComparer.Ordinal);

    /// <summary>
    /// The name under which the message waits, for <see cref="IMessageBus.Cancel"/>: with <see cref="After"/> or <see cref="At"/> only. It need not be
    /// unique: cancelling it cancels all that wait under it. At most 200 characters, compared as the database compares texts, so do not let
    /// case alone tell names apart. Default null: it cannot be cancelled.
    /// </summary>
    public string? ScheduleId { get; set; }

    internal IReadOnlyDictionary<string, string>? HeadersOrNull => headers;

    /// <summary>When it is to leave; null for at once, which is also what no delay and no name mean.</summary>
    internal Schedule? Schedule
        => at is null && ScheduleId is null && (delay is null || delay == TimeSpan.Zero) ? null : new(delay, at, ScheduleId);

    /// <summary>
    /// The message leaves after a delay, counted by the store's clock from when it is saved. Until then nobody is given it, and it can be
    /// cancelled if it has a <see cref="ScheduleId"/>. Instead of <see cref="At"/>.
    /// </summary>
    /// <param name="delay">From zero, which is at once, to a thousand years.</param>
    public PublishOptions After(TimeSpan delay)
    {
        this.delay = delay;
        return this;
    }

    /// <summary>
    /// The message leaves at a time, by the store's clock, and at once if that has passed. Until then nobody is given it, and it can be
    /// cancelled if it has a <see cref="ScheduleId"/>. Instead of <see cref="After"/>.
    /// </summary>
    /// <param name="time">Up to the last day of 9999.</param>
    public PublishOptions At(DateTimeOffset time)
    {
        at = time;
        return this;
    }
}
