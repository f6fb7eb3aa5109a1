using Messaging.Toolkit.Kafka.Topics;

namespace Messaging.Toolkit.Kafka.Tests.Topics;

/// <summary>Topics are created as the options say, or found to be missing.</summary>
public sealed class TopicCheckTests
{
    private readonly Admin admin = new();

    [Fact]
    public void What_is_missing_is_created_as_the_options_say()
    {
        var options = new KafkaOptions { Topics = { Partitions = 3, ReplicationFactor = 2, Configuration = { ["retention.ms"] = "1000" } }, MaxMessageBytes = 4096 };
        options.Topic("b", topic => topic.Partitions = 7);
        admin.There["c"] = null;

        TopicCheck.Ensure(admin, [.. new[] { "a", "b", "c" }.Select(name => new TopicPlan(name, options.OptionsOf(name)))], create: true).Should().BeEmpty();

        admin.Created.Select(topic => (topic.Name, topic.Options.Partitions, topic.Options.ReplicationFactor)).Should().Equal(("a", 3, 2), ("b", 7, 2));
        admin.Created[0].Options.Configuration.Should().Equal(new Dictionary<string, string> { ["max.message.bytes"] = "4096", ["retention.ms"] = "1000" });
    }

    [Fact]
    public void What_cannot_be_created_is_named_with_the_reason()
    {
        admin.Refused["b"] = "TopicAuthorizationFailed";

        TopicCheck.Ensure(admin, [Plan("a"), Plan("b")], create: true).Should().ContainSingle().Which.Value.Should().Contain("TopicAuthorizationFailed");
    }

    [Fact]
    public void Who_manages_topics_himself_is_told_what_is_missing_and_nothing_is_created()
    {
        admin.There["a"] = null;

        TopicCheck.Ensure(admin, [Plan("a"), Plan("b")], create: false).Should().ContainSingle().Which.Key.Should().Be("b");

        admin.Created.Should().BeEmpty();
    }

    [Fact]
    public void What_is_there_and_cannot_be_used_is_named_and_not_created()
    {
        admin.There["a"] = "TopicAuthorizationFailed";

        TopicCheck.Ensure(admin, [Plan("a")], create: true).Should().ContainSingle().Which.Value.Should().Be("TopicAuthorizationFailed");

        admin.Created.Should().BeEmpty();
    }

    private static TopicPlan Plan(string name) => new(name, new KafkaTopicOptions());

    private sealed class Admin : ITopicAdmin
    {
        public Dictionary<string, string?> There { get; } = [];

        public List<TopicPlan> Created { get; } = [];

        public Dictionary<string, string> Refused { get; } = [];

        public IReadOnlyDictionary<string, string?> List() => There;

        public IReadOnlyDictionary<string, string> Create(IReadOnlyCollection<TopicPlan> topics)
        {
            Created.AddRange(topics.Where(topic => !Refused.ContainsKey(topic.Name)));
            return Refused;
        }
    }
}
