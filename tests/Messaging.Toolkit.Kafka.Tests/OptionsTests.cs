using Messaging.Toolkit.Kafka.Tests.Hosts;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Kafka.Tests;

/// <summary>What cannot work is refused when it is configured, with what to do about it.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("message.timeout.ms", "ConfirmTimeout")]
    [InlineData("enable.idempotence", "order")]
    [InlineData("acks", "replicas")]
    [InlineData("group.id", "Group")]
    [InlineData("enable.auto.commit", "committed")]
    [InlineData("bootstrap.servers", "BootstrapServers")]
    [InlineData("dotnet.producer.enable.background.poll", "wrapper")]
    public void Properties_that_guarantees_depend_on_are_refused_and_not_repeated(string name, string reason)
        => Errors(options => options.Properties[name] = "secret-word").Should().ContainSingle().Which.Should().Contain($"'{name}'").And.Contain(reason).And.NotContain("secret-word");

    [Fact]
    public void They_are_refused_wherever_they_are()
        => Errors(options => options.ProducerProperties["acks"] = options.ConsumerProperties["group.id"] = "1").Should().HaveCount(2);

    [Theory]
    [InlineData("with space.")]
    [InlineData("slash/")]
    [InlineData("a-prefix-of-more-than-forty-characters-is.")]
    public void A_prefix_that_topics_cannot_have_is_refused(string prefix) => Errors(options => options.Prefix = prefix).Should().Contain(error => error.StartsWith("UseKafka: Prefix has"));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void Somewhere_the_brokers_must_be(string servers) => Errors(options => options.BootstrapServers = servers).Should().ContainSingle().Which.Should().Contain("BootstrapServers is empty");

    [Theory]
    [InlineData(0)]
    [InlineData(1_000_001)]
    public void MaxAhead_has_bounds(int value) => Errors(options => options.MaxAhead = value).Should().ContainSingle().Which.Should().Contain($"MaxAhead is {value}: set it between");

    [Theory]
    [InlineData(-1)]
    [InlineData(1_000_001)]
    public void RememberedMessages_has_bounds(int value)
        => Errors(options => options.RememberedMessages = value).Should().ContainSingle().Which.Should().Contain($"RememberedMessages is {value}: set it between");

    [Theory]
    [InlineData("latest")]
    [InlineData("largest")]
    [InlineData("end")]
    public void Positions_in_the_database_do_not_go_with_a_start_at_the_end(string reset)
    {
        Errors(options => (options.OffsetsInDatabase, options.ConsumerProperties["auto.offset.reset"]) = (true, reset)).Should().ContainSingle().Which.Should().Contain("'auto.offset.reset'").And.Contain("passed over");
        Errors(options => (options.OffsetsInDatabase, options.Properties["auto.offset.reset"]) = (true, reset)).Should().ContainSingle().Which.Should().Contain("'earliest'");
    }

    [Fact]
    public void Positions_in_the_database_are_of_topics_that_differ_by_more_than_case()
        => Errors(options => (options.OffsetsInDatabase, options.CommandTopic) = (true, endpoint => endpoint == "counter" ? "Counted" : endpoint)).Should().ContainSingle()
            .Which.Should().Contain("Counted").And.Contain("differ by case alone");

    [Fact]
    public void Positions_need_a_store_to_be_in()
    {
        var add = () => new ServiceCollection().AddMessaging(messaging => messaging
            .UseKafka(kafka => kafka.OffsetsInDatabase = true)
            .Event<Counted>(e => e.Named("counted").KeyedBy(m => m.Key))
            .Endpoint("counter", e => e.Handle<Counted, CountHandler>()));

        add.Should().Throw<MessagingConfigurationException>().Which.Errors.Should().ContainSingle().Which.Should().Contain("There is no store").And.Contain("UseEntityFrameworkCore");
    }

    [Theory]
    [InlineData(100)]
    [InlineData(int.MaxValue)]
    public void MaxMessageBytes_has_bounds(int value) => Errors(options => options.MaxMessageBytes = value).Should().ContainSingle().Which.Should().Contain($"MaxMessageBytes is {value}: set it between");

    [Theory]
    [InlineData(0)]
    [InlineData(3_601)]
    public void ConfirmTimeout_has_bounds(int seconds)
        => Errors(options => options.ConfirmTimeout = TimeSpan.FromSeconds(seconds)).Should().ContainSingle().Which.Should().Contain("ConfirmTimeout is").And.Contain("set it between");

    [Theory]
    [InlineData(-1)]
    [InlineData(61)]
    public void RevocationPatience_has_bounds(int seconds)
        => Errors(options => options.RevocationPatience = TimeSpan.FromSeconds(seconds)).Should().ContainSingle().Which.Should().Contain("RevocationPatience is").And.Contain("set it between");

    [Fact]
    public void Topics_have_bounds()
        => Errors(options =>
        {
            options.Topics.Partitions = 0;
            options.Topics.ReplicationFactor = 0;
        }).Should().HaveCount(2);

    [Fact]
    public void A_topic_that_there_is_not_is_refused()
        => Errors(options => options.Topic("conuted", _ => { })).Should().ContainSingle().Which.Should().Contain("Topic(\"conuted\", ...) is for a topic that there is not: there are counted, counter.commands");

    [Theory]
    [InlineData("with space")]
    [InlineData("")]
    [InlineData("..")]
    public void Names_that_topics_cannot_have_are_refused(string topic)
        => Errors(options => options.EventTopic = _ => topic).Should().ContainSingle().Which.Should().StartWith("UseKafka: 'counted' has the topic");

    [Fact]
    public void Endpoints_must_not_share_a_group()
        => Errors(options => options.Group = _ => "all").Should().ContainSingle().Which.Should().Contain("'counter' and 'other'").And.Contain("'all'");

    [Theory]
    [InlineData("counted")]
    [InlineData("other.commands")]
    public void Dead_letters_must_not_go_where_they_would_be_handled_again(string topic)
        => Errors(options => options.DeadLetterTopic = _ => topic).Should().HaveCount(2).And.AllSatisfy(error => error.Should().Contain($"'{topic}'").And.Contain("DeadLetterTopic"));

    [Theory]
    [InlineData("with space")]
    [InlineData("")]
    public void A_topic_of_dead_letters_that_cannot_be_one_is_refused(string topic)
        => Errors(options => (options.Prefix, options.DeadLetterTopic) = ("eu.", _ => topic)).Should().HaveCount(2).And.AllSatisfy(error => error.Should().StartWith("UseKafka: the dead letters of endpoint"));

    private static IReadOnlyList<string> Errors(Action<KafkaOptions> configure)
    {
        var add = () => new ServiceCollection().AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<NumbersDb>()
            .UseKafka(configure)
            .Event<Counted>(e => e.Named("counted").KeyedBy(m => m.Key))
            .Command<Count>(c => c.Named("count").To("counter").KeyedBy(m => m.Key))
            .Endpoint("counter", e => e.Handle<Counted, CountHandler>().Handle<Count, CountHandler>())
            .Endpoint("other", e => e.Handle<Counted, CountHandler>()));
        return add.Should().Throw<MessagingConfigurationException>().Which.Errors;
    }
}
