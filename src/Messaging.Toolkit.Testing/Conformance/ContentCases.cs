using System.Globalization;
using System.Text;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>What is in a message is the same at both ends.</summary>
internal static class ContentCases
{
    public static Task A_message_arrives_whole(Trial trial) => ExpectWholeAsync(trial, new MessageEnvelope
    {
        Id = trial.Messages.NewId(),
        Type = trial.Messages.Paid.Name,
        Source = "urn:shop/orders",
        Time = new DateTimeOffset(2031, 7, 28, 23, 59, 58, 987, TimeSpan.FromHours(2)),
        ContentType = "application/json; charset=utf-8",
        Key = "order-17",
        ConversationId = trial.Messages.NewId(),
        CausationId = trial.Messages.NewId(),
        CorrelationId = "a request's",
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        TraceState = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        ExpiresAt = new DateTimeOffset(2031, 7, 29, 1, 59, 58, 987, TimeSpan.FromHours(2)),
        Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["tenant"] = "north", ["Priority"] = "1" },
        Body = """{"orderId":17}"""u8.ToArray(),
    });

    public static Task The_least_message_arrives(Trial trial) => ExpectWholeAsync(trial, new MessageEnvelope
    {
        Id = trial.Messages.NewId(),
        Type = trial.Messages.Paid.Name,
        Source = "s",
        Time = DateTimeOffset.UnixEpoch,
        ContentType = "t",
        ConversationId = trial.Messages.NewId(),
        Body = ReadOnlyMemory<byte>.Empty,
    });

    public static Task What_is_said_of_recipient_and_reply_arrives(Trial trial) => ExpectWholeAsync(trial, new MessageEnvelope
    {
        Id = trial.Messages.NewId(),
        Type = trial.Messages.Unheard.Name,
        Source = "urn:shop/orders",
        Time = DateTimeOffset.UnixEpoch,
        ContentType = "application/json",
        ConversationId = trial.Messages.NewId(),
        Recipient = trial.Messages.Left,
        ReplyTo = new ReplyAddress("elsewhere/orders", " \"Anfrage\" 漢字; a=b 🦊 ", LongestKey("Ключ "), Acknowledge: true),
        InReplyTo = "another's request, with a \"quote\"",
        IdempotencyKey = LongestKey(" \"Schlüssel\" 漢字; a=b 🦊 "),
        PublishedAt = HybridTime.Parse("116154163200000007"),
        Body = """{"orderId":17}"""u8.ToArray(),
    });

    public static Task Odd_content_arrives_unchanged(Trial trial) => ExpectWholeAsync(trial, new MessageEnvelope
    {
        Id = trial.Messages.NewId(),
        Type = trial.Messages.Paid.Name,
        Source = "urn:größe/π?q=1#\"'\\",
        Time = new DateTimeOffset(9998, 12, 31, 23, 59, 59, 999, TimeSpan.Zero),
        ContentType = "application/vnd.shop+json; profile=\"a b\"; charset=utf-8",
        Key = LongestKey(" \"Ключ\" 'π' \\ 🦊 a,b;c=d%20"),
        ConversationId = Guid.AllBitsSet,
        CorrelationId = " spaces around, 漢字 and a \"quote\" ",
        Headers = OddHeaders(),
        Body = Enumerable.Range(0, 256).Select(value => (byte)value).ToArray(),
    });

    public static async Task Messages_of_a_mebibyte_arrive(Trial trial)
    {
        var messages = trial.Messages.MakeForLeft(count: 8, keys: 2).Select((message, n) => Large(message, seed: n)).ToList();

        var arrived = await trial.PassAsync(messages);

        Expect.Arrived(messages, arrived);
        foreach (var (sent, came) in messages.OrderBy(message => message.Id).Zip(arrived.OrderBy(message => message.Id)))
        {
            Expect.Same(sent, came);
        }
    }

    private static async Task ExpectWholeAsync(Trial trial, MessageEnvelope message)
    {
        var arrived = await trial.PassAsync([message]);

        Expect.Same(message, arrived[0]);
    }

    private static string LongestKey(string part) => part + new string('k', MessageLimits.MaxKeyBytes - Encoding.UTF8.GetByteCount(part));

    /// <summary>As many as there may be, with every character that a name may have.</summary>
    private static Dictionary<string, string> OddHeaders()
    {
        var headers = Enumerable.Range(0, new MessageLimits().MaxHeaderCount - 4)
            .ToDictionary(n => string.Create(CultureInfo.InvariantCulture, $"x-{n}"), n => new string('v', n), StringComparer.Ordinal);
        headers["!#$%&'*+-.^_`|~09azAZ"] = "odd name";
        headers["empty"] = "";
        headers["unicode"] = "Ünïcödé, 漢字, 🦊";
        headers["punctuation"] = " \"quoted\", 'single' \\ ; = %0A ";
        return headers;
    }

    private static MessageEnvelope Large(MessageEnvelope message, int seed)
    {
        var body = new byte[1024 * 1024];
        for (var i = 0; i < body.Length; i++)
        {
            body[i] = (byte)((i * 31) + (i >> 8) + seed);
        }

        return new MessageEnvelope
        {
            Id = message.Id, Type = message.Type, Source = message.Source, Time = message.Time, ContentType = "application/octet-stream",
            Key = message.Key, ConversationId = message.ConversationId, Body = body,
        };
    }
}
