using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Tests.Messages;

public sealed partial class JsonMessageSerializerTests
{
    private readonly JsonMessageSerializer serializer = new();

    [Fact]
    public void What_was_written_is_read()
    {
        var message = new Order("a\u2028\"<🛒", 9_007_199_254_740_993, 0.1m, DateTimeOffset.MaxValue, [1, 2], null);

        Read<Order>(Write(serializer, message)).Should().BeEquivalentTo(message);
    }

    [Fact]
    public void The_names_are_camel_case_and_the_same_message_gives_the_same_bytes()
    {
        var message = new Order("a", 1, 2, default, [], null);

        var written = Write(serializer, message);

        written.Should().Be("""{"id":"a","number":1,"amount":2,"at":"0001-01-01T00:00:00+00:00","bytes":"","inner":null}""");
        Write(serializer, message).Should().Be(written);
        serializer.ContentType.Should().Be("application/json");
    }

    [Theory]
    [InlineData("""{"ID":"a","Number":"7"}""")]
    [InlineData("""{"id":"b","number":7,"id":"a","more":{"x":[1]}}""")]
    [InlineData("\uFEFF{\"id\":\"a\",\"number\":7}")]
    [InlineData(" \r\n {\"id\":\"a\",\"number\":7} ")]
    public void What_others_write_a_little_differently_is_read(string text)
    {
        var order = Read<Order>(text);
        order.Id.Should().Be("a");
        order.Number.Should().Be(7);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("{} {}")]
    [InlineData("""{"id":"a",}""")]
    [InlineData("""{"number":1.5}""")]
    [InlineData("""{"number":99999999999999999999}""")]
    [InlineData("""{"amount":NaN}""")]
    public void What_is_no_message_of_the_type_is_refused(string text) => this.Invoking(x => x.Read<Order>(text)).Should().Throw<JsonException>();

    [Fact]
    public void Bytes_that_are_no_UTF8_are_refused()
        => serializer.Invoking(x => x.Deserialize([.. "{\"id\":\""u8, 0xFF, 0xC3, .. "\"}"u8], typeof(Order))).Should().Throw<JsonException>();

    [Fact]
    public void Depth_is_bounded_both_ways()
    {
        var deepest = Nested(60);
        Read<Order>(Write(serializer, deepest)).Should().BeEquivalentTo(deepest, options => options.AllowingInfiniteRecursion());
        serializer.Invoking(x => Write(x, Nested(70))).Should().Throw<JsonException>();
        this.Invoking(x => x.Read<Order>($"{{\"more\":{new string('[', 100_000)}")).Should().Throw<JsonException>();
    }

    [Fact]
    public void A_cycle_is_refused_and_does_not_run_on()
    {
        var cycle = new Cycle();
        cycle.Self = cycle;
        serializer.Invoking(x => Write(x, cycle)).Should().Throw<JsonException>();
    }

    [Fact]
    public void A_body_that_names_a_type_creates_no_other_than_the_registered_one()
    {
        var read = serializer.Deserialize("""{"$type":"System.Diagnostics.Process, System.Diagnostics.Process","id":"a","anything":{"$type":"x"}}"""u8, typeof(Open));

        read.Should().BeOfType<Open>().Which.Anything.Should().BeOfType<JsonElement>();
    }

    [Fact]
    public void A_source_generated_context_is_used_and_what_it_does_not_know_is_refused()
    {
        var generated = new JsonMessageSerializer(Context.Default);
        var message = new Generated("a", 7);

        Write(generated, message).Should().Be("""{"id":"a","number":7}""");
        generated.Deserialize("""{"id":"a","number":7}"""u8, typeof(Generated)).Should().Be(message);
        generated.Invoking(x => Write(x, new Cycle())).Should().Throw<NotSupportedException>();
    }

    [Fact]
    public void Options_of_the_applications_are_used_as_they_are_and_cannot_change_any_more()
    {
        var options = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseUpper };
        var own = new JsonMessageSerializer(options);

        Write(own, new Generated("a", 7)).Should().Be("""{"ID":"a","NUMBER":7}""");
        options.IsReadOnly.Should().BeTrue();
    }

    [Fact]
    public void Null_is_not_a_message()
        => serializer.Invoking(x => x.Deserialize("null"u8, typeof(Order))).Should().Throw<JsonException>();

    private static string Write(JsonMessageSerializer serializer, object message)
    {
        var buffer = new ArrayBufferWriter<byte>();
        serializer.Serialize(message, message.GetType(), buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private T Read<T>(string text) => (T)serializer.Deserialize(Encoding.UTF8.GetBytes(text), typeof(T));

    private static Order Nested(int depth)
    {
        var order = new Order("a", 1, 2, default, [], null);
        for (var i = 0; i < depth; i++)
        {
            order = order with { Inner = order };
        }

        return order;
    }

    private sealed record Order(string Id, long Number, decimal Amount, DateTimeOffset At, byte[] Bytes, Order? Inner);

    private sealed class Cycle
    {
        public Cycle? Self { get; set; }
    }

    private sealed class Open
    {
        public string? Id { get; set; }

        public object? Anything { get; set; }
    }

    internal sealed record Generated(string Id, int Number);

    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
    [JsonSerializable(typeof(Generated))]
    private sealed partial class Context : JsonSerializerContext;
}
