using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Kafka.Topics;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Kafka.Tests.Topics;

/// <summary>What has moved to another transport is still brought to its topic, and is nobody's concern otherwise.</summary>
public sealed class TopicMapTests
{
    private readonly TopicMap topics = new(
        new KafkaOptions { Prefix = "p." },
        new MessageTopology { Types = [Line.Happened], Elsewhere = [Line.Changed, Line.Work], Endpoints = [new("reader", [Line.Happened])] });

    [Fact]
    public void What_waits_since_its_message_was_sent_over_Kafka_goes_to_its_topic()
    {
        topics.TopicOf(topics.DestinationOf(Line.Changed)!, Envelope("changed")).Should().Be("p.changed");
        topics.TopicOf(topics.DestinationOf(Line.Work)!, Envelope("work")).Should().Be("p.worker.commands");
        topics.DestinationOf(Line.Changed).Should().Be("p.changed", "as it was when it was sent over Kafka");
        topics.DestinationOf(Line.Work).Should().Be(topics.DestinationOf("reader"));
    }

    [Fact]
    public void Its_topic_is_neither_created_nor_read()
    {
        topics.All.Select(topic => topic.Name).Should().BeEquivalentTo("p.happened", "p.reader.commands");
        topics.SubscriptionsOf("reader").Select(topic => topic.Name).Should().BeEquivalentTo("p.happened", "p.reader.commands");
    }

    [Fact]
    public void What_has_moved_is_still_handled_where_it_comes_from_a_topic_that_is_read_for_other_events()
    {
        var shared = new TopicMap(
            new KafkaOptions { EventTopic = _ => "all" },
            new MessageTopology
            {
                Types = [Line.Happened],
                Elsewhere = [Line.Changed],
                Endpoints = [new("reader", [Line.Happened]) { Former = [Line.Changed] }, new("other", [Line.Happened])],
            });

        shared.Accepts("reader", "all", Envelope("changed")).Should().BeTrue();
        shared.Accepts("other", "all", Envelope("changed")).Should().BeFalse("it does not handle it, and buries it no more than before");
    }

    [Fact]
    public void Options_that_know_the_messages_of_Kafka_alone_are_enough()
    {
        var topic = new Dictionary<string, string> { ["happened"] = "known" };
        var moved = new TopicMap(new KafkaOptions { EventTopic = name => topic[name] }, new MessageTopology { Types = [Line.Happened], Elsewhere = [Line.Changed], Endpoints = [] });

        moved.DestinationOf(Line.Happened).Should().Be("known");
        moved.TopicOf("known", Envelope("changed")).Should().BeNull();
    }

    private static MessageEnvelope Envelope(string type) => new()
    {
        Id = Guid.NewGuid(), Type = type, Source = "/", Time = default, ContentType = "c", ConversationId = Guid.NewGuid(), Body = ReadOnlyMemory<byte>.Empty,
    };
}
