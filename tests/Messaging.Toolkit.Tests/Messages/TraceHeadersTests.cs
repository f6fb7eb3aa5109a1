using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Tests.Diagnostics;

namespace Messaging.Toolkit.Tests.Messages;

/// <summary>The context of a message's creation, on its way over a broker and through the tables.</summary>
public sealed class TraceHeadersTests
{
    private const string Creation = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private const string Hop = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

    private readonly CloudEventHeaders headers = new("cloudEvents_", alsoRead: "cloudEvents:");

    [Fact]
    public void It_is_written_for_everybody_and_once_more_where_no_client_puts_its_own_span()
    {
        var written = Write(new() { Id = default, Type = "t", Source = "/", Time = default, ContentType = "c", ConversationId = default, Body = default, TraceParent = Creation, TraceState = "v=1" });

        written.Should().Contain([new("traceparent", Creation), new("tracestate", "v=1"), new("cloudEvents_traceparent", Creation), new("cloudEvents_tracestate", "v=1")]);
    }

    /// <summary>A broker's client that is observed as well puts its span into the header that everybody knows.</summary>
    [Theory]
    [InlineData("cloudEvents_traceparent", "traceparent")]
    [InlineData("traceparent", "cloudEvents_traceparent")]
    [InlineData("traceparent", "cloudEvents:traceparent")]
    public void It_is_read_whatever_a_client_has_put_into_the_other_header(string first, string second)
    {
        var read = Read(new(first, first == "traceparent" ? Hop : Creation), new(second, second == "traceparent" ? Hop : Creation));

        read.TraceParent.Should().Be(Creation);
        read.Headers.Should().BeEmpty();
    }

    [Fact]
    public void A_foreign_message_that_has_only_the_header_goes_on_from_there()
    {
        var read = Read(new("traceparent", Hop), new("tracestate", "v=1"));

        (read.TraceParent, read.TraceState).Should().Be((Hop, "v=1"));
    }

    [Fact]
    public void An_attribute_that_is_no_context_does_not_hide_a_header_that_is() => Read(new("cloudEvents_traceparent", "garbage"), new("traceparent", Hop)).TraceParent.Should().Be(Hop);

    [Theory, MemberData(nameof(TraceContextTests.Malformed), MemberType = typeof(TraceContextTests))]
    public void What_is_no_context_is_read_as_none_and_never_passed_on(string? malformed)
    {
        var read = Read(new("traceparent", malformed ?? ""), new("cloudEvents_traceparent", malformed ?? ""), new("tracestate", "v=1"));

        (read.TraceParent, read.TraceState).Should().Be(((string?)null, (string?)null));
        Write(read).Should().NotContain(header => header.Key.EndsWith("traceparent") || header.Key.EndsWith("tracestate"));
    }

    [Theory, MemberData(nameof(TraceContextTests.Malformed), MemberType = typeof(TraceContextTests))]
    public void What_is_no_context_in_a_row_is_read_as_none(string? malformed)
    {
        var row = EnvelopeHeaders.Write(new()
        {
            Id = default, Type = "t", Source = "/", Time = default, ContentType = "c", ConversationId = default, Body = default, TraceParent = malformed, TraceState = "v=1",
        });

        var read = EnvelopeHeaders.Read(default, "t", null, row, default);

        (read.TraceParent, read.TraceState).Should().Be(((string?)null, (string?)null));
    }

    private MessageEnvelope Read(params KeyValuePair<string, string>[] written) => headers.Read(written, new() { NewId = Guid.Empty, Time = default, Type = "t" }, default);

    private Dictionary<string, string> Write(MessageEnvelope envelope)
    {
        var written = new Dictionary<string, string>();
        headers.Write(envelope, written, static (all, name, value) => all.Add(name, value));
        return written;
    }
}
