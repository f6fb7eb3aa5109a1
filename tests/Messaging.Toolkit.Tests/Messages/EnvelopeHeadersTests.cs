using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.Tests.Messages;

public sealed class EnvelopeHeadersTests
{
    private const string Secret = "4111-1111-1111-1111";
    private static readonly Guid Id = new("01890a5d-ac96-774b-bcce-b302099a8057");
    private static readonly byte[] Body = [1, 2, 3];

    [Fact]
    public void What_was_written_is_read()
    {
        var envelope = Full();

        var read = Read(EnvelopeHeaders.Write(envelope));

        read.Should().BeEquivalentTo(envelope, options => options.Excluding(x => x.Body));
        read.Body.ToArray().Should().Equal(Body);
    }

    [Fact]
    public void What_is_absent_is_not_written_and_absent_when_read()
    {
        var envelope = new MessageEnvelope
        {
            Id = Id, Type = "t", Source = "/", Time = ManualTimeProvider.Start, ContentType = "c", ConversationId = Id, Body = Body,
        };
        var written = EnvelopeHeaders.Write(envelope);

        written.Should().Be("""{"source":"/","time":"2026-01-01T00:00:00+00:00","datacontenttype":"c","conversationid":"01890a5d-ac96-774b-bcce-b302099a8057"}""", "it is a stored format");
        var read = Read(written);
        read.CausationId.Should().BeNull();
        read.CorrelationId.Should().BeNull();
        read.TraceParent.Should().BeNull();
        read.TraceState.Should().BeNull();
        read.Recipient.Should().BeNull();
        read.ReplyTo.Should().BeNull();
        read.InReplyTo.Should().BeNull();
        read.ExpiresAt.Should().BeNull();
        read.IdempotencyKey.Should().BeNull();
        read.PublishedAt.Should().BeNull();
        read.Headers.Should().BeEmpty();
    }

    [Fact]
    public void Members_of_a_newer_version_are_skipped()
    {
        var written = EnvelopeHeaders.Write(Full());

        var read = Read("""{"a":null,"b":{"headers":{"x":"y"},"source":[1,{}]},"c":[[]],"d":1e9,"e":true,""" + written[1..]);

        read.Should().BeEquivalentTo(Full(), options => options.Excluding(x => x.Body));
    }

    [Fact]
    public void The_least_address_is_its_endpoint_and_the_request()
    {
        var written = EnvelopeHeaders.Write(new MessageEnvelope
        {
            Id = Id, Type = "t", Source = "/", Time = ManualTimeProvider.Start, ContentType = "c", ConversationId = Id, Body = Body, ReplyTo = new ReplyAddress("shop", "1"),
        });

        written.Should().EndWith(",\"replyto\":\"shop\",\"request\":\"1\"}", "it is a stored format");
        Read(written).ReplyTo.Should().Be(new ReplyAddress("shop", "1"));
    }

    [Theory]
    [InlineData("\"replyto\":\"shop\"")]
    [InlineData("\"request\":\"1\"")]
    [InlineData("\"replyto\":\"shop\",\"request\":\"\"")]
    [InlineData("\"replyto\":\"no name\",\"request\":\"1\"")]
    [InlineData("\"replyto\":\"shop\",\"request\":\"1\",\"replykey\":\"\"")]
    [InlineData("\"replykey\":\"k\",\"acknowledge\":\"true\"")]
    public void An_address_that_leads_nowhere_is_none(string members)
        => Read($$"""{"source":"/","time":"2026-01-01T00:00:00+00:00","datacontenttype":"c","conversationid":"{{Id}}",{{members}}}""").ReplyTo.Should().BeNull();

    [Fact]
    public void The_time_keeps_its_instant_wherever_it_was_written()
    {
        var written = EnvelopeHeaders.Write(Full());
        Read(written).Time.Should().Be(Full().Time);
        Read(written.Replace("2026-01-01T00:00:00.0000001+00:00", "2026-01-01T02:00:00.0000001+02:00", StringComparison.Ordinal)).Time.Should().Be(Full().Time);
    }

    public static TheoryData<int> Seeds => new(Enumerable.Range(0, 20));

    /// <summary>Whatever a text is damaged to, it is read, or refused in the one way that the relay expects and with nothing of it in the message.</summary>
    [Theory, MemberData(nameof(Seeds))]
    public void Damaged_text_is_refused_without_showing_it(int seed)
    {
        var random = new Random(seed);
        var good = EnvelopeHeaders.Write(Full());
        const string Insertions = "{}[]\",:\\\0\n\uD800e-+0";
        for (var i = 0; i < 1000; i++)
        {
            var text = good;
            for (var times = random.Next(1, 4); times > 0; times--)
            {
                var at = random.Next(text.Length);
                var length = random.Next(Math.Min(12, text.Length - at));
                var insert = random.Next(3) == 0 ? "" : Insertions[random.Next(Insertions.Length)].ToString();
                text = text[..at] + insert + text[(at + length)..];
            }

            try
            {
                Read(text);
            }
            catch (FormatException exception)
            {
                exception.ToString().Should().NotContain(Secret).And.NotContain("vendor");
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(Secret)]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"source\":\"" + Secret)]
    [InlineData("{\"source\":\"/\",\"time\":\"2026-01-01T00:00:00Z\",\"datacontenttype\":\"c\",\"conversationid\":\"01890000-0000-7000-8000-000000000000\",\"recipient\":\"no name " + Secret + "\"}")]
    [InlineData("{\"source\":{\"" + Secret + "\":1}}")]
    public void What_is_not_the_object_is_refused(string text)
    {
        var act = () => Read(text);
        act.Should().Throw<FormatException>().Which.ToString().Should().NotContain(Secret);
    }

    private static MessageEnvelope Read(string headers) => EnvelopeHeaders.Read(Id, "shop.order-placed", "key", headers, Body);

    private static MessageEnvelope Full() => new()
    {
        Id = Id,
        Type = "shop.order-placed",
        Source = "/shop",
        Time = ManualTimeProvider.Start.AddTicks(1),
        ContentType = "application/json",
        Key = "key",
        ConversationId = new Guid("01890000-0000-7000-8000-000000000001"),
        CausationId = new Guid("01890000-0000-7000-8000-000000000002"),
        CorrelationId = "request \"1\" <ä> 🛒",
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        TraceState = "vendor=1",
        Recipient = "billing",
        ReplyTo = new ReplyAddress("shop/orders", "request \"1\" 🛒", "order-1", Acknowledge: true),
        InReplyTo = "another's request",
        ExpiresAt = ManualTimeProvider.Start.AddDays(1),
        IdempotencyKey = "ann \"1\" 🛒",
        PublishedAt = HybridTime.Parse("116154163200000007"),
        Headers = new Dictionary<string, string> { ["name"] = Secret, ["Name"] = "", ["source"] = "mine \u2028 \\" },
        Body = Body,
    };
}
