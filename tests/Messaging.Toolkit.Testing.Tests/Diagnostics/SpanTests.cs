using System.Diagnostics;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Diagnostics;

/// <summary>What spans there are of a message, and how they are related.</summary>
[Collection(Alone.Name)]
public sealed class SpanTests : IDisposable
{
    private readonly Spans spans = new();

    public void Dispose() => spans.Dispose();

    [Fact]
    public void A_message_is_created_sent_and_processed_and_what_its_handler_publishes_goes_on_from_there()
    {
        using var harness = Kitchen.Start();
        Order(harness);

        var (created, processed) = (spans.Single("create cook"), spans.Single("process cook"));
        created.Kind.Should().Be(ActivityKind.Producer);
        created.ParentSpanId.Should().Be(default(ActivitySpanId));
        processed.Kind.Should().Be(ActivityKind.Consumer);
        processed.ParentSpanId.Should().Be(created.SpanId);
        spans.Single("create cooked").ParentSpanId.Should().Be(processed.SpanId);
        spans.Single("process cooked").ParentSpanId.Should().Be(spans.Single("create cooked").SpanId);
        spans.Of("create").Concat(spans.Of("process")).Select(span => span.TraceId).Distinct().Should().ContainSingle();
    }

    [Fact]
    public void A_batch_is_a_span_of_its_own_that_links_to_what_it_carries()
    {
        using var harness = Kitchen.Start();
        harness.Run<IMessageBus, KitchenDb>((bus, db) =>
        {
            bus.Send(new Cook(1, "soup"));
            bus.Send(new Cook(2, "soup"));
            bus.Publish(new Paid(1));
            return db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();

        var batches = spans.Of("send");
        batches.Should().OnlyContain(span => span.Kind == ActivityKind.Client && span.ParentSpanId == default);
        batches.SelectMany(span => span.Links).Select(link => link.Context.SpanId).Should().BeEquivalentTo(spans.Of("create").Select(span => span.SpanId));
        batches.Sum(span => (int)span.GetTagItem("messaging.batch.message_count")!).Should().Be(spans.Of("create").Count);
        var first = batches.First();
        first.DisplayName.Should().Be("send", "it carries messages for several places");
        first.GetTagItem("messaging.destination.name").Should().BeNull();
    }

    [Fact]
    public void Deliveries_are_linked_and_begin_traces_of_their_own_where_that_is_wanted()
    {
        using var harness = MessagingHarness.Start<Kitchen>(services => NodeServices.Model(services).Observability.LinkDeliveries = true);
        Order(harness);

        var (created, processed) = (spans.Single("create cook"), spans.Single("process cook"));
        processed.Links.Should().ContainSingle().Which.Context.SpanId.Should().Be(created.SpanId);
        processed.ParentSpanId.Should().Be(default(ActivitySpanId));
        processed.TraceId.Should().NotBe(created.TraceId);
        spans.Single("create cooked").TraceId.Should().Be(processed.TraceId);
    }

    [Fact]
    public void A_message_that_is_published_within_a_span_is_created_in_it_and_leaves_it_the_present_one()
    {
        using var harness = Kitchen.Start();
        using var request = new Activity("request").Start();
        harness.Run<IMessageBus, KitchenDb>((bus, db) =>
        {
            bus.Send(new Cook(1, "soup"));
            Activity.Current.Should().BeSameAs(request);
            return db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();

        spans.Single("create cook").ParentSpanId.Should().Be(request.SpanId);
        Activity.Current.Should().BeSameAs(request);
    }

    [Fact]
    public void Each_attempt_is_a_span_and_tells_how_it_ended_but_not_what_the_exception_says()
    {
        var attempts = 0;
        using var harness = Kitchen.Start((_, _, _) => attempts++ == 0 ? throw new InvalidOperationException("secret") : Task.CompletedTask);
        Order(harness);

        var tries = spans.All.Where(span => span.DisplayName == "process cook").ToList();
        tries.Select(span => (span.GetTagItem("messaging.toolkit.attempt"), span.GetTagItem("messaging.toolkit.outcome"), span.GetTagItem("error.type"), span.Status)).Should().Equal(
            (1, "retried", "System.InvalidOperationException", ActivityStatusCode.Error), (2, "handled", null, ActivityStatusCode.Unset));
        tries.Should().OnlyContain(span => span.StatusDescription == null && !span.Events.Any());
    }

    [Fact]
    public void What_ends_in_the_dead_letters_says_so()
    {
        using var harness = Kitchen.Start((_, _, _) => throw new InvalidOperationException());
        Order(harness);

        spans.All.Last(span => span.DisplayName == "process cook").GetTagItem("messaging.toolkit.outcome").Should().Be("dead_lettered");
        harness.DeadLetters.Should().ContainSingle();
    }

    [Fact]
    public void Spans_have_the_attributes_of_the_conventions_and_the_approved_ones_of_the_toolkit()
    {
        using var harness = Kitchen.Start();
        Order(harness);

        var names = typeof(TagNames).GetFields().Select(field => (string)field.GetRawConstantValue()!).ToList();
        spans.All.SelectMany(span => span.TagObjects).Select(tag => tag.Key).Distinct().Should().BeSubsetOf(names);
        spans.All.Should().OnlyContain(span => span.GetTagItem("messaging.system") != null && span.GetTagItem("messaging.operation.type") == span.GetTagItem("messaging.operation.name"));
        var processed = spans.Single("process cook");
        processed.GetTagItem("messaging.destination.name").Should().Be("cook");
        processed.GetTagItem("messaging.consumer.group.name").Should().Be("cook");
        processed.GetTagItem("messaging.message.id").Should().Be(harness.Handled<Cook>().Single().Envelope.Id.ToString());
        spans.Single("process cooked").GetTagItem("messaging.consumer.group.name").Should().Be("waiter");
    }

    /// <summary>It ends when it is settled, by the clock that everything else here goes by.</summary>
    [Fact]
    public void A_span_lasts_from_the_handler_to_the_settling()
    {
        using var harness = Kitchen.Start((_, _, services) => Task.Delay(TimeSpan.FromSeconds(3), services.GetRequiredService<TimeProvider>()));
        Order(harness);

        spans.Single("process cook").Duration.Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(3)).And.BeLessThan(TimeSpan.FromSeconds(4));
        spans.Single("process cook").StartTimeUtc.Should().BeBefore(harness.Time.GetUtcNow().UtcDateTime);
    }

    private static void Order(MessagingHarness harness)
    {
        harness.Run<IMessageBus, KitchenDb>((bus, db) =>
        {
            bus.Send(new Cook(1, "soup"));
            return db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();
    }
}
