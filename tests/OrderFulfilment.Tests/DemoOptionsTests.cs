using OrderFulfilment.Demo;

namespace OrderFulfilment.Tests;

/// <summary>What <c>eng/demo</c> can be asked for.</summary>
public sealed class DemoOptionsTests
{
    [Fact]
    public void Without_arguments_it_is_one_process_on_SQLite()
        => DemoOptions.Parse([]).Should().Be(new DemoOptions("sqlite", "in-process", Orders: 500, Crashes: 3, Seed: 1));

    [Fact]
    public void Everything_can_be_chosen()
        => DemoOptions.Parse(["--database", "postgres", "--transport", "rabbitmq", "--orders", "100", "--crashes", "5", "--seed", "7", "--servers", "eng/servers"])
            .Should().Be(new DemoOptions("postgres", "rabbitmq", Orders: 100, Crashes: 5, Seed: 7) { Servers = "eng/servers" });

    [Theory]
    [InlineData("postgres", "rabbitmq", "eng/servers", true)]
    [InlineData("postgres", "kafka", "eng/servers", true)]
    [InlineData("postgres", "rabbitmq", null, false)] // It is somebody else's.
    [InlineData("postgres", "in-process", "eng/servers", false)]
    public void A_broker_of_its_own_is_restarted(string database, string transport, string? servers, bool isRestarted)
        => (new DemoOptions(database, transport, Orders: 500, Crashes: 3, Seed: 1) { Servers = servers }).RestartsBroker.Should().Be(isRestarted);

    [Theory]
    [InlineData("--database")]
    [InlineData("--database", "oracle")]
    [InlineData("--transport", "pigeon")]
    [InlineData("--transport", "rabbitmq")] // On SQLite.
    [InlineData("--transport", "kafka", "--database", "sqlite")]
    [InlineData("--orders", "0")]
    [InlineData("--crashes", "26")]
    [InlineData("--seed", "-1")]
    [InlineData("--fast", "1")]
    public void What_makes_no_sense_is_refused_by_name(params string[] args)
    {
        var parse = () => DemoOptions.Parse(args);

        parse.Should().Throw<DemoException>().WithMessage($"{args[0]}*");
    }
}
