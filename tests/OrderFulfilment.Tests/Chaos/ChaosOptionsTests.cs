using OrderFulfilment.Chaos;
using OrderFulfilment.Demo;

namespace OrderFulfilment.Tests.Chaos;

/// <summary>What <c>eng/chaos</c> can be asked for.</summary>
public sealed class ChaosOptionsTests
{
    [Fact]
    public void Without_arguments_it_is_five_minutes_with_three_processes()
        => ChaosOptions.Parse([]).Should().Be(new ChaosOptions(TimeSpan.FromMinutes(5), Processes: 3, Seed: 1, Servers: null));

    [Fact]
    public void Over_a_broker_it_is_two_processes_of_each_service()
        => ChaosOptions.Parse(["--transport", "rabbitmq"])
            .Should().Be(new ChaosOptions(TimeSpan.FromMinutes(5), Processes: 2, Seed: 1, Servers: null) { HasBroker = true });

    [Fact]
    public void Everything_can_be_chosen()
        => ChaosOptions.Parse(["--transport", "rabbitmq", "--minutes", "2", "--processes", "4", "--seed", "7", "--servers", "eng/servers"])
            .Should().Be(new ChaosOptions(TimeSpan.FromMinutes(2), Processes: 4, Seed: 7, Servers: "eng/servers") { HasBroker = true });

    [Theory]
    [InlineData("--minutes")]
    [InlineData("--minutes", "0")]
    [InlineData("--minutes", "soon")]
    [InlineData("--processes", "11")]
    [InlineData("--processes", "0")]
    [InlineData("--processes", "1", "--transport", "rabbitmq")] // Nobody could take over.
    [InlineData("--processes", "5", "--transport", "rabbitmq")] // Of each of four services.
    [InlineData("--transport", "pigeon")]
    [InlineData("--seed", "-1")]
    [InlineData("--hours", "1")]
    public void What_makes_no_sense_is_refused_by_name(params string[] args)
    {
        var parse = () => ChaosOptions.Parse(args);

        parse.Should().Throw<DemoException>().WithMessage($"{args[0]}*");
    }
}
