using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Testing.Tests.Harness;

namespace Messaging.Toolkit.Testing.Tests.Diagnostics;

/// <summary>What is counted and measured of messages is so.</summary>
[Collection(Alone.Name)]
public sealed class MetricTests : IDisposable
{
    private readonly Measurements measurements = new();

    public void Dispose() => measurements.Dispose();

    [Fact]
    public void Messages_are_counted_when_their_destination_has_taken_them_and_when_they_have_come()
    {
        using var harness = Kitchen.Start();
        Order(harness, dishes: 3);

        measurements.Of("messaging.client.sent.messages").GroupBy(sent => sent.Tags["messaging.destination.name"]).Select(group => (group.Key, group.Sum(sent => sent.Value)))
            .Should().BeEquivalentTo(new (object?, double)[] { ("cook", 3), ("cooked", 3) });
        measurements.Of("messaging.client.consumed.messages").GroupBy(come => come.Tags["messaging.consumer.group.name"]).Select(group => (group.Key, group.Sum(come => come.Value)))
            .Should().BeEquivalentTo(new (object?, double)[] { ("cook", 3), ("waiter", 3) });
        measurements.Of("messaging.toolkit.relay.batch.size").Sum(batch => batch.Value).Should().Be(6);
        measurements.Of("messaging.toolkit.inbox.handled").Sum(handled => handled.Value).Should().Be(6);
    }

    [Fact]
    public void Operations_and_attempts_are_measured_and_failures_told()
    {
        var attempts = 0;
        using var harness = Kitchen.Start((_, _, _) => attempts++ == 0 ? throw new InvalidOperationException() : Task.CompletedTask);
        Order(harness, dishes: 1);

        measurements.Of("messaging.process.duration").Where(attempt => Equals(attempt.Tags["messaging.consumer.group.name"], "cook"))
            .Select(attempt => attempt.Tags.GetValueOrDefault("error.type")).Should().BeEquivalentTo(new object?[] { "System.InvalidOperationException", null }, options => options.WithStrictOrdering());
        measurements.Of("messaging.client.operation.duration").Select(operation => operation.Tags["messaging.operation.name"] as string).Distinct().Should().BeEquivalentTo(["send", "settle"]);
        measurements.Of("messaging.client.operation.duration").Should().OnlyContain(operation => operation.Value >= 0);
    }

    [Fact]
    public void The_way_of_a_message_is_measured_from_its_time_until_it_is_handled()
    {
        using var harness = Kitchen.Start((_, _, services) => Task.Delay(TimeSpan.FromSeconds(2), (TimeProvider)services.GetService(typeof(TimeProvider))!));
        Order(harness, dishes: 1);

        measurements.Of("messaging.toolkit.endpoint.lag").Single(lag => Equals(lag.Tags["messaging.toolkit.endpoint"], "cook")).Value.Should().BeInRange(2, 3);
        measurements.Of("messaging.toolkit.endpoint.lag").Should().OnlyContain(lag => lag.Value >= 0);
    }

    [Fact]
    public void No_attribute_is_an_id_or_a_key_and_all_are_approved()
    {
        using var harness = Kitchen.Start();
        Order(harness, dishes: 2);
        measurements.Collect();

        var names = typeof(TagNames).GetFields().Select(field => (string)field.GetRawConstantValue()!).Except([TagNames.MessageId, TagNames.ConversationId]).ToList();
        var tags = measurements.All.SelectMany(each => each.Tags).ToList();
        tags.Select(tag => tag.Key).Distinct().Should().BeSubsetOf(names);
        tags.Select(tag => tag.Value).Distinct().Should().NotContain(value => IsId(value));
        measurements.All.Should().NotContain(each => each.Tags.ContainsKey(TagNames.Destination) && Equals(each.Tags[TagNames.Destination], "1"));
    }

    [Fact]
    public void Gauges_of_the_database_have_values_after_the_first_question()
    {
        using var harness = Kitchen.Start();
        measurements.Collect();
        measurements.Of("messaging.toolkit.outbox.pending").Should().BeEmpty("nobody has measured yet, and who collects is not let wait");

        harness.Advance(TimeSpan.FromSeconds(1));
        measurements.Collect();

        measurements.Of("messaging.toolkit.outbox.pending").Should().ContainSingle().Which.Value.Should().Be(0);
        measurements.Of("messaging.toolkit.lease.owned").Last().Value.Should().Be(64);
        measurements.Of("messaging.toolkit.dead_letter.pending").Should().ContainSingle();
        measurements.Of("messaging.toolkit.outbox.oldest.age").Single().Tags["messaging.toolkit.store"].Should().Be(nameof(KitchenDb));
    }

    private static bool IsId(object? value) => Guid.TryParse(value as string, out _);

    private static void Order(MessagingHarness harness, int dishes)
    {
        harness.Run<IMessageBus, KitchenDb>((bus, db) =>
        {
            for (var table = 1; table <= dishes; table++)
            {
                bus.Send(new Cook(table, "soup"));
            }

            return db.SaveChangesAsync();
        });
        harness.WaitUntilIdle();
    }
}
