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

    /// <summary>
    /// The caller's own name of what it wants to be done once, such as the <c>Idempotency-Key</c> of an HTTP request. The message's id follows
    /// from it, the type and this application's <c>Source</c>: however often it is published, it is the same message, and so is everything that
    /// its handlers send. It takes effect once while claims are kept (<c>Inbox.Retention</c>). Default: each message is another one.
    /// </summary>
    /// <remarks>
    /// At most 512 bytes in UTF-8, no control characters. If callers choose keys, put before it who the caller is: otherwise one caller's request is
    /// taken for another's. What the message says is not compared: a key that is used again for something else is refused by nobody but you.
    /// A reply cannot have one.
    /// </remarks>
    public string? IdempotencyKey { get; set; }

    /// <summary>
    /// From when on the message is of no use any more: it is then not handled, but counted and left. Takes the place of
    /// <see cref="ExpiresAfter"/> and of the registration's. Default: the registration's, which is never by default.
    /// </summary>
    /// <remarks>Compared with the clock of whoever handles it. A reply cannot expire: somebody waits for it.</remarks>
    public DateTimeOffset? ExpiresAt
    {
        get;
        set
        {
            field = value;
            Lifetime = null;
        }
    }

    /// <summary>The same by a duration. Takes the place of <see cref="ExpiresAt"/>.</summary>
    /// <param name="lifetime">From the moment of publishing. More than zero, at most 3,650 days.</param>
    public void ExpiresAfter(TimeSpan lifetime)
    {
        ExpiresAt = null;
        Lifetime = lifetime;
    }

    internal TimeSpan? Lifetime { get; private set; }

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
