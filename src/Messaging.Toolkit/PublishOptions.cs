namespace Messaging.Toolkit;

/// <summary>What can be said of one message when it is published or sent.</summary>
public sealed class PublishOptions
{
    private Dictionary<string, string>? headers;

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
}
