using System.Collections.ObjectModel;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Journal;

namespace Messaging.Toolkit.Messages;

/// <summary>
/// Envelopes as the headers of a broker's message, in the binary mode of CloudEvents 1.0.2: the attributes with a prefix, the W3C trace
/// context and the application's own headers without. The trace context is that of the message's creation, and is read from the attribute first. The body is the message as it was serialized.
/// </summary>
/// <remarks>Reading takes everything: what another program has sent must reach a handler or the dead letters, and not be lost because of a header.</remarks>
/// <param name="prefix">What attributes are written with: <c>cloudEvents_</c> on AMQP, <c>ce_</c> on Kafka.</param>
/// <param name="alsoRead">A prefix that others write: <c>cloudEvents:</c> on AMQP.</param>
public sealed class CloudEventHeaders(string prefix, string? alsoRead = null)
{
    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";

    private readonly string specVersion = prefix + "specversion";
    private readonly string id = prefix + "id";
    private readonly string type = prefix + "type";
    private readonly string source = prefix + "source";
    private readonly string time = prefix + "time";
    private readonly string partitionKey = prefix + "partitionkey";
    private readonly string conversationId = prefix + "conversationid";
    private readonly string causationId = prefix + "causationid";
    private readonly string correlationId = prefix + "correlationid";
    private readonly string recipient = prefix + "recipient";
    private readonly string replyTo = prefix + "replyto";
    private readonly string request = prefix + "request";
    private readonly string replyKey = prefix + "replykey";
    private readonly string acknowledge = prefix + "acknowledge";
    private readonly string replyVia = prefix + "replyvia";
    private readonly string inReplyTo = prefix + "inreplyto";
    private readonly string expiryTime = prefix + "expirytime";
    private readonly string idempotencyKey = prefix + "idempotencykey";
    private readonly string hybridTime = prefix + "hybridtime";
    private readonly string creationParent = prefix + TraceParent;
    private readonly string creationState = prefix + TraceState;

    /// <summary>Writes everything but the content type and the body, for which brokers have fields of their own.</summary>
    /// <param name="envelope">The message.</param>
    /// <param name="headers">Where to.</param>
    /// <param name="add">Adds one.</param>
    public void Write<T>(MessageEnvelope envelope, T headers, Action<T, string, string> add)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        ArgumentNullException.ThrowIfNull(add);
        add(headers, specVersion, "1.0");
        add(headers, id, envelope.Id.ToString());
        add(headers, type, envelope.Type);
        add(headers, source, envelope.Source);
        add(headers, time, envelope.Time.ToString("O", CultureInfo.InvariantCulture));
        AddIfPresent(partitionKey, envelope.Key);
        add(headers, conversationId, envelope.ConversationId.ToString());
        AddIfPresent(causationId, envelope.CausationId?.ToString());
        AddIfPresent(correlationId, envelope.CorrelationId);
        AddIfPresent(recipient, envelope.Recipient);
        AddIfPresent(replyTo, envelope.ReplyTo?.Endpoint);
        AddIfPresent(request, envelope.ReplyTo?.Request);
        AddIfPresent(replyKey, envelope.ReplyTo?.Key);
        AddIfPresent(acknowledge, envelope.ReplyTo is { Acknowledge: true } ? "true" : null);
        AddIfPresent(replyVia, envelope.ReplyTo?.Via);
        AddIfPresent(inReplyTo, envelope.InReplyTo);
        AddIfPresent(expiryTime, envelope.ExpiresAt?.ToString("O", CultureInfo.InvariantCulture));
        AddIfPresent(idempotencyKey, envelope.IdempotencyKey);
        AddIfPresent(hybridTime, envelope.PublishedAt?.ToString());
        AddIfPresent(TraceParent, envelope.TraceParent);
        AddIfPresent(TraceState, envelope.TraceState);

        // Once more under the names of CloudEvents' own extension: a broker's client that is observed too puts the span of its call in the place of the other one.
        AddIfPresent(creationParent, envelope.TraceParent);
        AddIfPresent(creationState, envelope.TraceState);
        foreach (var (name, value) in envelope.Headers)
        {
            add(headers, name, value);
        }

        void AddIfPresent(string name, string? value)
        {
            if (value is not null)
            {
                add(headers, name, value);
            }
        }
    }

    /// <summary>Reads an envelope, of ours or of anybody's.</summary>
    /// <param name="headers">Names and values. Of several with one name the last counts.</param>
    /// <param name="broker">What the broker's own fields say: it takes the place of attributes that are missing.</param>
    /// <param name="body">The body, which nobody changes any more.</param>
    public MessageEnvelope Read(IEnumerable<KeyValuePair<string, string>> headers, BrokerAttributes broker, ReadOnlyMemory<byte> body)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(broker);
        var attributes = new Attributes();
        (string? Parent, string? State) hop = default;
        Dictionary<string, string>? own = null;
        foreach (var (name, value) in headers)
        {
            if (name == TraceParent)
            {
                hop.Parent = value;
            }
            else if (name == TraceState)
            {
                hop.State = value;
            }
            else if (!attributes.TrySet(AttributeOf(name), value))
            {
                (own ??= new(StringComparer.Ordinal))[name] = value;
            }
        }

        var creation = TraceContext.Keep(attributes.TraceParent, attributes.TraceState);
        var (traceParent, traceState) = creation.Parent is null ? TraceContext.Keep(hop.Parent, hop.State) : creation;
        var sender = Fit(attributes.Source) ?? "";
        var foreignId = attributes.Id ?? broker.Id;
        var messageId = foreignId is null ? broker.NewId : Guid.TryParse(foreignId, out var known) ? known : MessageIds.OfForeign(sender, foreignId);
        return new MessageEnvelope
        {
            Id = messageId,
            Type = Fit(attributes.Type ?? broker.Type) ?? "",
            Source = sender,
            Time = TimeOf(attributes.Time) ?? broker.Time,
            ContentType = attributes.ContentType ?? broker.ContentType ?? "",
            Key = FitKey(attributes.Key),
            ConversationId = Guid.TryParse(attributes.ConversationId, out var conversation) ? conversation : messageId,
            CausationId = Guid.TryParse(attributes.CausationId, out var causation) ? causation : null,
            CorrelationId = Fit(attributes.CorrelationId ?? broker.CorrelationId),
            TraceParent = traceParent,
            TraceState = traceState,
            Recipient = Names.Refuse(attributes.Recipient) is null ? attributes.Recipient : null,
            ReplyTo = ReplyAddress.Of(attributes.ReplyTo, Fit(attributes.Request), FitKey(attributes.ReplyKey), attributes.Acknowledge, attributes.ReplyVia),
            InReplyTo = Fit(attributes.InReplyTo),
            ExpiresAt = TimeOf(attributes.ExpiryTime),
            IdempotencyKey = FitKey(attributes.IdempotencyKey),
            PublishedAt = HybridTime.Parse(attributes.PublishedAt),
            Headers = own ?? (IReadOnlyDictionary<string, string>)ReadOnlyDictionary<string, string>.Empty,
            Body = body,
        };
    }

    /// <summary>The name of an attribute without its prefix; empty if it has none.</summary>
    private ReadOnlySpan<char> AttributeOf(string name)
        => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? name.AsSpan(prefix.Length)
            : alsoRead is not null && name.StartsWith(alsoRead, StringComparison.OrdinalIgnoreCase) ? name.AsSpan(alsoRead.Length)
            : default;

    private static DateTimeOffset? TimeOf(string? text)
        => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>The text as it fits into the tables.</summary>
    private static string? Fit(string? text) => text switch
    {
        null => null,
        _ when !UnicodeText.IsValid(text) || text.Contains('\0') => Digest(text),
        { Length: <= MessageLimits.MaxNameLength } => text,
        _ => text[..(MessageLimits.MaxNameLength - (char.IsHighSurrogate(text[MessageLimits.MaxNameLength - 1]) ? 1 : 0))],
    };

    private static string? FitKey(string? key) => string.IsNullOrEmpty(key) ? null : MessageKeys.Refuse(key) is null ? key : Digest(key);

    /// <summary>What takes the place of a text that cannot be kept: the same for the same text, so that a key keeps its order.</summary>
    private static string Digest(string text) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private struct Attributes
    {
        public string? Id, Type, Source, Time, ContentType, Key, ConversationId, CausationId, CorrelationId, TraceParent, TraceState;
        public string? Recipient, ReplyTo, Request, ReplyKey, Acknowledge, ReplyVia, InReplyTo, ExpiryTime, IdempotencyKey, PublishedAt;

        /// <summary>False if it is no attribute that we know.</summary>
        public bool TrySet(ReadOnlySpan<char> name, string value)
        {
            switch (name)
            {
                case "specversion": break;
                case "id": Id = value; break;
                case "type": Type = value; break;
                case "source": Source = value; break;
                case "time": Time = value; break;
                case "datacontenttype": ContentType = value; break;
                case "partitionkey": Key = value; break;
                case "conversationid": ConversationId = value; break;
                case "causationid": CausationId = value; break;
                case "correlationid": CorrelationId = value; break;
                case "recipient": Recipient = value; break;
                case "replyto": ReplyTo = value; break;
                case "request": Request = value; break;
                case "replykey": ReplyKey = value; break;
                case "acknowledge": Acknowledge = value; break;
                case "replyvia": ReplyVia = value; break;
                case "inreplyto": InReplyTo = value; break;
                case "expirytime": ExpiryTime = value; break;
                case "idempotencykey": IdempotencyKey = value; break;
                case "hybridtime": PublishedAt = value; break;
                case CloudEventHeaders.TraceParent: TraceParent = value; break;
                case CloudEventHeaders.TraceState: TraceState = value; break;
                default: return false;
            }

            return true;
        }
    }
}
