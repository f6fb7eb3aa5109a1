using System.Collections.ObjectModel;
using Messaging.Toolkit.Journal;

namespace Messaging.Toolkit.Messages;

/// <summary>
/// A message as it travels: its attributes (those of CloudEvents 1.0 under their meaning here), its headers and its
/// body, serialized once when it was published. Immutable.
/// </summary>
public sealed class MessageEnvelope
{
    private IReadOnlyDictionary<string, string> headers = ReadOnlyDictionary<string, string>.Empty;
    private ReplyAddress? replyTo;
    private string? traceParent;
    private string? traceState;

    /// <summary>CloudEvents <c>id</c>: a UUIDv7; the identity by which duplicates are recognized.</summary>
    public required Guid Id { get; init; }

    /// <summary>CloudEvents <c>type</c>: the registered name.</summary>
    public required string Type { get; init; }

    /// <summary>CloudEvents <c>source</c>: the application that published it.</summary>
    public required string Source { get; init; }

    /// <summary>CloudEvents <c>time</c>: when it was published, by the publisher's clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>CloudEvents <c>datacontenttype</c>: the media type of <see cref="Body"/>.</summary>
    public required string ContentType { get; init; }

    /// <summary>CloudEvents <c>partitionkey</c>: the ordering key, or null if the message has no order.</summary>
    public string? Key { get; init; }

    /// <summary>Extension <c>conversationid</c>: the id of the first message of the flow.</summary>
    public required Guid ConversationId { get; init; }

    /// <summary>Extension <c>causationid</c>: the message being handled when this one was sent, or null.</summary>
    public Guid? CausationId { get; init; }

    /// <summary>Extension <c>correlationid</c>: the first sender's own, or null.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>W3C <c>traceparent</c> of the span in which it was made, or null. Nobody changes it on the way.</summary>
    public string? TraceParent
    {
        get => traceParent;
        init => traceParent = value;
    }

    /// <summary>W3C <c>tracestate</c> of that span, or null.</summary>
    public string? TraceState
    {
        get => traceState;
        init => traceState = value;
    }

    /// <summary>Extension <c>recipient</c>: the one endpoint that it is for, or null if it is for all that its type is for.</summary>
    public string? Recipient { get; init; }

    /// <summary>
    /// Extensions <c>replyto</c>, <c>request</c>, <c>replykey</c>, <c>acknowledge</c> and <c>replyvia</c>: where the reply goes, or null if nobody waits for one.
    /// </summary>
    public ReplyAddress? ReplyTo
    {
        get => replyTo;
        init => replyTo = value;
    }

    /// <summary>Extension <c>inreplyto</c>: the <see cref="ReplyAddress.Request"/> that this is the reply to, or null.</summary>
    public string? InReplyTo { get; init; }

    /// <summary>
    /// CloudEvents extension <c>expirytime</c>: from when on it is of no use any more and is not handled; null if it always is.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Extension <c>idempotencykey</c>: the caller's own name of the request that it was published for, or null. Its id follows from it.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Extension <c>hybridtime</c>: when it was published, so that its cause was before it; null if its publisher keeps no journal.</summary>
    public HybridTime? PublishedAt { get; init; }

    /// <summary>The application's own headers.</summary>
    public IReadOnlyDictionary<string, string> Headers
    {
        get => headers;
        init => headers = value;
    }

    /// <summary>The serialized message.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Gives a new message its trace context, before anybody else sees it.</summary>
    internal void Trace((string? Parent, string? State) context) => (traceParent, traceState) = context;

    /// <summary>The same message with other headers.</summary>
    internal MessageEnvelope With(IReadOnlyDictionary<string, string> others)
    {
        var copy = (MessageEnvelope)MemberwiseClone();
        copy.headers = others;
        return copy;
    }

    /// <summary>The same message, whose reply goes over a transport.</summary>
    internal MessageEnvelope ReplyingVia(string transport)
    {
        var copy = (MessageEnvelope)MemberwiseClone();
        copy.replyTo = replyTo! with { Via = transport };
        return copy;
    }
}
