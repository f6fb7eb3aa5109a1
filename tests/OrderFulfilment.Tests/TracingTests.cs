using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Messaging.Toolkit.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;
using OrderFulfilment.Ordering;

namespace OrderFulfilment.Tests;

/// <summary>One request, and everything that comes of it, seen by OpenTelemetry: one connected picture. It hears what other tests do too, so there are none meanwhile.</summary>
[Collection("Tracing")]
[CollectionDefinition("Tracing", DisableParallelization = true)]
public sealed class TracingTests : IDisposable
{
    /// <summary>An event that nobody here subscribes to: it is made, and goes nowhere.</summary>
    private const string Unheard = "checkout.completed";

    private readonly List<Activity> exported = [];
    private readonly TracerProvider provider;
    private readonly ActivityTraceId trace = ActivityTraceId.CreateRandom();
    private readonly ActivitySpanId caller = ActivitySpanId.CreateRandom();

    public TracingTests() => provider = Sdk.CreateTracerProviderBuilder()
        .AddSource("Microsoft.AspNetCore", MessagingDiagnostics.ActivitySourceName)
        .AddInMemoryExporter(exported)
        .Build();

    public void Dispose() => provider.Dispose();

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task An_order_is_followed_from_its_request_through_the_outbox_the_broker_and_every_handler_to_its_end(bool overRabbitMQ)
    {
        var id = Guid.NewGuid();
        await using (var shop = await Shop.OpenAsync(overRabbitMQ ? new RabbitMQTestBroker() : null))
        {
            (await PostAsync(shop, "/orders", new PlaceOrderRequest(id, "ann", "samovar", 2, "tok"))).Should().Be(HttpStatusCode.Created);
            await shop.EndAsync(id, messages: 3);
        }

        ExpectOnePicture();
        Processed().Should().Contain([
            ("stock", "ordering.order-placed"), ("ordering", "stock.reserved"), ("shipping", "stock.reserved"), ("payment", "payment.charge-card"),
            ("ordering", "payment.card-charged"), ("shipping", "payment.card-charged"), ("ordering", "shipping.order-shipped"), ("stock", "shipping.order-shipped"),
        ]);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task A_checkout_is_followed_through_every_step_of_its_saga_and_back_to_who_waits_for_it(bool overRabbitMQ)
    {
        await using (var shop = await Shop.OpenAsync(overRabbitMQ ? new RabbitMQTestBroker() : null))
        {
            (await PostAsync(shop, "/checkouts", new PlaceOrderRequest(Guid.NewGuid(), "ann", "samovar", 2, "tok"))).Should().Be(HttpStatusCode.OK);
        }

        ExpectOnePicture();
        Processed().Should().Contain([
            ("ordering", "messaging.saga-signal"), ("stock", "checkout.reserve-goods"), ("ordering", "checkout.goods-reserved"), ("payment", "checkout.check-for-fraud"),
            ("ordering", "checkout.fraud-cleared"), ("shipping", "checkout.ship-goods"), ("ordering", "checkout.goods-shipped"),
        ]);
    }

    /// <summary>Every span of the trace leads to the caller, every message that was made was sent, and every one that was processed was made.</summary>
    private void ExpectOnePicture()
    {
        var spans = Spans().Where(span => span.TraceId == trace).ToDictionary(span => span.SpanId);
        var root = spans.Values.Should().ContainSingle(span => span.ParentSpanId == caller).Subject;
        root.Source.Name.Should().Be("Microsoft.AspNetCore");
        spans.Values.Where(span => span != root).Should().OnlyContain(span => spans.ContainsKey(span.ParentSpanId));

        var created = spans.Values.Where(span => Operation(span) == "create").ToDictionary(span => span.SpanId, span => (string)span.GetTagItem("messaging.toolkit.message.type")!);
        var sent = Spans().Where(span => Operation(span) == "send").SelectMany(span => span.Links).Where(link => link.Context.TraceId == trace).Select(link => link.Context.SpanId);
        sent.Should().Contain(created.Where(message => message.Value != Unheard).Select(message => message.Key));
        spans.Values.Where(span => Operation(span) == "process").Should().NotBeEmpty().And.OnlyContain(span => created.ContainsKey(span.ParentSpanId) && span.Status != ActivityStatusCode.Error);
    }

    private IEnumerable<(string, string)> Processed() => Spans().Where(span => span.TraceId == trace && Operation(span) == "process")
        .Select(span => ((string)span.GetTagItem("messaging.consumer.group.name")!, (string)span.GetTagItem("messaging.toolkit.message.type")!));

    private static string? Operation(Activity span) => span.GetTagItem("messaging.operation.name") as string;

    private List<Activity> Spans()
    {
        provider.ForceFlush();
        return exported;
    }

    private async Task<HttpStatusCode> PostAsync(Shop shop, string path, PlaceOrderRequest order)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(order) };
        request.Headers.Add("traceparent", $"00-{trace}-{caller}-01");
        using var response = await shop.Http.SendAsync(request);
        return response.StatusCode;
    }
}
