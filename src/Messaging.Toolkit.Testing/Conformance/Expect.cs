using System.Text;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>What cases expect, and how they say that it is not so.</summary>
internal static class Expect
{
    private const int LongestText = 30;

    public static void That(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new ConformanceException(otherwise);
        }
    }

    public static void Equal<T>(T expected, T actual, string what)
        => That(EqualityComparer<T>.Default.Equals(expected, actual), $"{what} was to be '{expected}', and is '{actual}'.");

    /// <summary>The same messages came, each as often as expected, and those of a key in the expected order.</summary>
    public static void Arrived(IEnumerable<MessageEnvelope> expected, IEnumerable<MessageEnvelope> actual)
    {
        var came = actual.ToLookup(message => message.Key);
        var expectedByKey = expected.ToLookup(message => message.Key);
        foreach (var key in expectedByKey.Select(group => group.Key).Union(came.Select(group => group.Key)))
        {
            Sequence(expectedByKey[key].ToList(), came[key].ToList(), key is null ? "those without a key" : $"the key '{key}'");
        }
    }

    /// <summary>Every attribute of the message is as it was sent.</summary>
    public static void Same(MessageEnvelope expected, MessageEnvelope actual)
    {
        Equal(expected.Id, actual.Id, "The id");
        Equal(expected.Type, actual.Type, "The type");
        Equal(expected.Source, actual.Source, "The source");
        Equal(expected.Time.ToUnixTimeMilliseconds(), actual.Time.ToUnixTimeMilliseconds(), "The time in milliseconds");
        Equal(expected.ContentType, actual.ContentType, "The content type");
        Equal(expected.Key, actual.Key, "The key");
        Equal(expected.ConversationId, actual.ConversationId, "The conversation id");
        Equal(expected.CausationId, actual.CausationId, "The causation id");
        Equal(expected.CorrelationId, actual.CorrelationId, "The correlation id");
        Equal(expected.TraceParent, actual.TraceParent, "The traceparent");
        Equal(expected.TraceState, actual.TraceState, "The tracestate");
        Equal(expected.Recipient, actual.Recipient, "The recipient");
        Equal(expected.ReplyTo, actual.ReplyTo, "The address of the reply");
        Equal(expected.InReplyTo, actual.InReplyTo, "The request that it replies to");
        Equal(expected.IdempotencyKey, actual.IdempotencyKey, "The idempotency key");
        Equal(expected.PublishedAt, actual.PublishedAt, "The hybrid time");
        Equal(expected.ExpiresAt?.ToUnixTimeMilliseconds(), actual.ExpiresAt?.ToUnixTimeMilliseconds(), "The expiry time in milliseconds");
        Equal(Join(expected.Headers.Keys), Join(actual.Headers.Keys), "The names of the headers");
        foreach (var (name, value) in expected.Headers)
        {
            Equal(value, actual.Headers[name], $"The header {name}");
        }

        Equal(expected.Body.Length, actual.Body.Length, "The length of the body");
        var prefix = expected.Body.Span.CommonPrefixLength(actual.Body.Span);
        That(prefix == expected.Body.Length, $"The body was to be as it was sent, and differs at byte {prefix}.");
    }

    /// <summary>A message, so that a reader recognizes it: most bodies say which one it is.</summary>
    public static string Name(MessageEnvelope envelope)
        => envelope.Body.Length is > 0 and <= LongestText ? Encoding.UTF8.GetString(envelope.Body.Span) : $"message {envelope.Id}";

    private static void Sequence(List<MessageEnvelope> expected, List<MessageEnvelope> actual, string what)
    {
        var same = expected.Zip(actual).TakeWhile(pair => pair.First.Id == pair.Second.Id).Count();
        That(same == expected.Count && same == actual.Count,
            $"Of {what}, {expected.Count} messages were to come, and {actual.Count} came. After {same} of them {NameAt(expected, same)} was to come, and {NameAt(actual, same)} came.");
    }

    private static string NameAt(List<MessageEnvelope> messages, int index) => index < messages.Count ? Name(messages[index]) : "nothing";

    private static string Join(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}
