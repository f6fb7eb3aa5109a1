using Messaging.Toolkit.RabbitMQ.Tests.Hosts;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.RabbitMQ.Tests;

/// <summary>What cannot work is refused when it is configured, with what to do about it.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void A_URI_of_another_kind_is_refused_and_not_repeated()
        => Errors(options => options.Uri = new Uri("https://guest:secret-word@localhost")).Should().ContainSingle().Which.Should().Be("UseRabbitMQ: Uri must begin with amqp:// or amqps://.");

    [Theory]
    [InlineData("with space.")]
    [InlineData("colon:")]
    [InlineData("grün.")]
    [InlineData("a-prefix-of-more-than-forty-characters-is.")]
    public void A_prefix_that_names_cannot_have_is_refused(string prefix) => Errors(options => options.Prefix = prefix).Should().ContainSingle().Which.Should().StartWith("UseRabbitMQ: Prefix has");

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public void UnconfirmedPerKey_has_bounds(int value) => Errors(options => options.UnconfirmedPerKey = value).Should().ContainSingle().Which.Should().Contain($"UnconfirmedPerKey is {value}: set it between");

    [Theory]
    [InlineData(0)]
    [InlineData(3_601)]
    public void ConfirmTimeout_has_bounds(int seconds)
        => Errors(options => options.ConfirmTimeout = TimeSpan.FromSeconds(seconds)).Should().ContainSingle().Which.Should().Contain("ConfirmTimeout is").And.Contain("set it between");

    [Theory]
    [InlineData(1)]
    [InlineData(65)]
    public void Partitions_have_bounds(int partitions)
        => Errors(options => options.Queue("counter", queue => queue.Partitions = partitions)).Should().ContainSingle().Which.Should().Contain($"the queue of 'counter' has {partitions} Partitions: set it between 2 and 64");

    [Fact]
    public void A_queue_of_an_endpoint_that_there_is_not_is_refused()
        => Errors(options => options.Queue("cuonter", _ => { })).Should().ContainSingle().Which.Should().Contain("Queue(\"cuonter\", ...) is for an endpoint that there is not: there are counter.");

    [Fact]
    public void Names_that_RabbitMQ_keeps_for_itself_are_refused()
        => Errors(options => options.Prefix = "amq.").Should().HaveCount(3).And.OnlyContain(error => error.Contains("\"amq.\", which RabbitMQ keeps for itself"));

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
        => Errors(options =>
        {
            options.UnconfirmedPerKey = 0;
            options.ConfirmTimeout = TimeSpan.Zero;
        }).Should().HaveCount(2);

    private static IReadOnlyList<string> Errors(Action<RabbitMQOptions> configure)
    {
        var add = () => new ServiceCollection().AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<NumbersDb>()
            .UseRabbitMQ(configure)
            .Event<Counted>(e => e.Named("counted").KeyedBy(m => m.Key))
            .Command<Count>(c => c.Named("count").To("counter").KeyedBy(m => m.Key))
            .Endpoint("counter", e => e.Handle<Counted, CountHandler>().Handle<Count, CountHandler>()));
        return add.Should().Throw<MessagingConfigurationException>().Which.Errors;
    }
}
