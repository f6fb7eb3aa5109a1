using System.Buffers;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Journal;

namespace Messaging.Toolkit.Messages;

/// <summary>
/// The attributes of an envelope that have no column of their own, as one JSON object that an operator can read.
/// Unknown members are skipped, so that rows of a newer version can be read.
/// </summary>
internal static class EnvelopeHeaders
{
    private static readonly JsonEncodedText Source = JsonEncodedText.Encode("source");
    private static readonly JsonEncodedText Time = JsonEncodedText.Encode("time");
    private static readonly JsonEncodedText ContentType = JsonEncodedText.Encode("datacontenttype");
    private static readonly JsonEncodedText ConversationId = JsonEncodedText.Encode("conversationid");
    private static readonly JsonEncodedText CausationId = JsonEncodedText.Encode("causationid");
    private static readonly JsonEncodedText CorrelationId = JsonEncodedText.Encode("correlationid");
    private static readonly JsonEncodedText TraceParent = JsonEncodedText.Encode("traceparent");
    private static readonly JsonEncodedText TraceState = JsonEncodedText.Encode("tracestate");
    private static readonly JsonEncodedText Recipient = JsonEncodedText.Encode("recipient");
    private static readonly JsonEncodedText ReplyTo = JsonEncodedText.Encode("replyto");
    private static readonly JsonEncodedText Request = JsonEncodedText.Encode("request");
    private static readonly JsonEncodedText ReplyKey = JsonEncodedText.Encode("replykey");
    private static readonly JsonEncodedText Acknowledge = JsonEncodedText.Encode("acknowledge");
    private static readonly JsonEncodedText ReplyVia = JsonEncodedText.Encode("replyvia");
    private static readonly JsonEncodedText InReplyTo = JsonEncodedText.Encode("inreplyto");
    private static readonly JsonEncodedText ExpiryTime = JsonEncodedText.Encode("expirytime");
    private static readonly JsonEncodedText IdempotencyKey = JsonEncodedText.Encode("idempotencykey");
    private static readonly JsonEncodedText PublishedAt = JsonEncodedText.Encode("hybridtime");
    private static readonly JsonEncodedText Headers = JsonEncodedText.Encode("headers");

    /// <summary>Most messages that a thread reads are from one application.</summary>
    [ThreadStatic]
    private static string? lastSource;

    public static string Write(MessageEnvelope envelope)
    {
        using var buffer = new BoundedBufferWriter(int.MaxValue);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString(Source, envelope.Source);
        json.WriteString(Time, envelope.Time);
        json.WriteString(ContentType, envelope.ContentType);
        json.WriteString(ConversationId, envelope.ConversationId);
        if (envelope.CausationId is { } causation)
        {
            json.WriteString(CausationId, causation);
        }

        WriteIfPresent(json, CorrelationId, envelope.CorrelationId);
        WriteIfPresent(json, TraceParent, envelope.TraceParent);
        WriteIfPresent(json, TraceState, envelope.TraceState);
        WriteIfPresent(json, Recipient, envelope.Recipient);
        WriteIfPresent(json, ReplyTo, envelope.ReplyTo?.Endpoint);
        WriteIfPresent(json, Request, envelope.ReplyTo?.Request);
        WriteIfPresent(json, ReplyKey, envelope.ReplyTo?.Key);
        WriteIfPresent(json, Acknowledge, envelope.ReplyTo is { Acknowledge: true } ? "true" : null);
        WriteIfPresent(json, ReplyVia, envelope.ReplyTo?.Via);
        WriteIfPresent(json, InReplyTo, envelope.InReplyTo);
        if (envelope.ExpiresAt is { } expiresAt)
        {
            json.WriteString(ExpiryTime, expiresAt);
        }

        WriteIfPresent(json, IdempotencyKey, envelope.IdempotencyKey);
        WriteIfPresent(json, PublishedAt, envelope.PublishedAt?.ToString());
        if (envelope.Headers.Count > 0)
        {
            json.WriteStartObject(Headers);
            foreach (var (name, value) in envelope.Headers)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <exception cref="FormatException">The text is not what <see cref="Write"/> writes.</exception>
    public static MessageEnvelope Read(Guid id, string type, string? key, string headers, ReadOnlyMemory<byte> body)
    {
        try
        {
            return ReadJson(id, type, key, headers, body);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            // The parser's own message may quote the text, and with it a header's value.
            throw new FormatException("The stored headers are not readable: " + exception.GetType().Name + ".");
        }
    }

    private static MessageEnvelope ReadJson(Guid id, string type, string? key, string headers, ReadOnlyMemory<byte> body)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(headers.Length));
        try
        {
            var json = new Utf8JsonReader(rented.AsSpan(0, Encoding.UTF8.GetBytes(headers, rented)));
            string? source = null, contentType = null, correlationId = null, traceParent = null, traceState = null;
            string? recipient = null, replyTo = null, request = null, replyKey = null, acknowledge = null, replyVia = null, inReplyTo = null, idempotencyKey = null, publishedAt = null;
            DateTimeOffset? time = null, expiresAt = null;
            Guid? conversationId = null, causationId = null;
            Dictionary<string, string>? own = null;

            Expect(ref json, JsonTokenType.StartObject);
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals(Source.EncodedUtf8Bytes)) source = NextString(ref json, known: lastSource);
                else if (json.ValueTextEquals(Time.EncodedUtf8Bytes)) time = NextTime(ref json);
                else if (json.ValueTextEquals(ContentType.EncodedUtf8Bytes)) contentType = NextString(ref json, known: JsonMessageSerializer.MediaType);
                else if (json.ValueTextEquals(ConversationId.EncodedUtf8Bytes)) conversationId = NextId(ref json);
                else if (json.ValueTextEquals(CausationId.EncodedUtf8Bytes)) causationId = NextId(ref json);
                else if (json.ValueTextEquals(CorrelationId.EncodedUtf8Bytes)) correlationId = NextString(ref json);
                else if (json.ValueTextEquals(TraceParent.EncodedUtf8Bytes)) traceParent = NextString(ref json);
                else if (json.ValueTextEquals(TraceState.EncodedUtf8Bytes)) traceState = NextString(ref json);
                else if (json.ValueTextEquals(Recipient.EncodedUtf8Bytes)) recipient = NextString(ref json);
                else if (json.ValueTextEquals(ReplyTo.EncodedUtf8Bytes)) replyTo = NextString(ref json);
                else if (json.ValueTextEquals(Request.EncodedUtf8Bytes)) request = NextString(ref json);
                else if (json.ValueTextEquals(ReplyKey.EncodedUtf8Bytes)) replyKey = NextString(ref json);
                else if (json.ValueTextEquals(Acknowledge.EncodedUtf8Bytes)) acknowledge = NextString(ref json);
                else if (json.ValueTextEquals(ReplyVia.EncodedUtf8Bytes)) replyVia = NextString(ref json);
                else if (json.ValueTextEquals(InReplyTo.EncodedUtf8Bytes)) inReplyTo = NextString(ref json);
                else if (json.ValueTextEquals(ExpiryTime.EncodedUtf8Bytes)) expiresAt = NextTime(ref json);
                else if (json.ValueTextEquals(IdempotencyKey.EncodedUtf8Bytes)) idempotencyKey = NextString(ref json);
                else if (json.ValueTextEquals(PublishedAt.EncodedUtf8Bytes)) publishedAt = NextString(ref json);
                else if (json.ValueTextEquals(Headers.EncodedUtf8Bytes)) own = NextObject(ref json);
                else json.Skip();
            }

            lastSource = source;
            (traceParent, traceState) = TraceContext.Keep(traceParent, traceState);
            return new MessageEnvelope
            {
                Id = id,
                Type = type,
                Key = key,
                Source = source ?? throw new FormatException(),
                Time = time ?? throw new FormatException(),
                ContentType = contentType ?? throw new FormatException(),
                ConversationId = conversationId ?? throw new FormatException(),
                CausationId = causationId,
                CorrelationId = correlationId,
                TraceParent = traceParent,
                TraceState = traceState,
                Recipient = recipient is null || Names.Refuse(recipient) is null ? recipient : throw new FormatException(),
                ReplyTo = ReplyAddress.Of(replyTo, request, replyKey, acknowledge, replyVia),
                InReplyTo = inReplyTo,
                ExpiresAt = expiresAt,
                IdempotencyKey = idempotencyKey,
                PublishedAt = HybridTime.Parse(publishedAt),
                Headers = (IReadOnlyDictionary<string, string>?)own ?? ReadOnlyDictionary<string, string>.Empty,
                Body = body,
            };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void WriteIfPresent(Utf8JsonWriter json, JsonEncodedText name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void Expect(ref Utf8JsonReader json, JsonTokenType token)
    {
        if (!json.Read() || json.TokenType != token)
        {
            throw new FormatException();
        }
    }

    private static string NextString(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.String);
        return json.GetString()!;
    }

    /// <summary>Nearly always it is the one that is known: then there is no new string.</summary>
    private static string NextString(ref Utf8JsonReader json, string? known)
    {
        Expect(ref json, JsonTokenType.String);
        return known is not null && json.ValueTextEquals(known) ? known : json.GetString()!;
    }

    private static Guid NextId(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.String);
        return json.TryGetGuid(out var id) ? id : Guid.Parse(json.GetString()!);
    }

    private static DateTimeOffset NextTime(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.String);
        return json.TryGetDateTimeOffset(out var time) ? time : DateTimeOffset.Parse(json.GetString()!, CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, string> NextObject(ref Utf8JsonReader json)
    {
        Expect(ref json, JsonTokenType.StartObject);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            values[json.GetString()!] = NextString(ref json);
        }

        return values;
    }
}
