using SpaceProvisioning.Demo;

namespace SpaceProvisioning.Tests;

/// <summary>What <c>eng/demo --sample provisioning</c> can be asked for.</summary>
public sealed class DemoOptionsTests
{
    [Fact]
    public void Without_arguments_it_is_one_process_on_SQLite()
        => DemoOptions.Parse([]).Should().Be(new DemoOptions("sqlite", "in-process", Spaces: 300, Crashes: 3, Seed: 1));

    [Fact]
    public void Everything_can_be_chosen()
        => DemoOptions.Parse(["--database", "postgres", "--transport", "rabbitmq", "--spaces", "100", "--crashes", "5", "--seed", "7"])
            .Should().Be(new DemoOptions("postgres", "rabbitmq", Spaces: 100, Crashes: 5, Seed: 7));

    [Theory]
    [InlineData("--database")]
    [InlineData("--database", "oracle")]
    [InlineData("--transport", "rabbitmq")] // On SQLite.
    [InlineData("--spaces", "0")]
    [InlineData("--orders", "100")] // The other sample has those.
    [InlineData("--crashes", "16")]
    public void What_makes_no_sense_is_refused_by_name(params string[] args)
    {
        var parse = () => DemoOptions.Parse(args);

        parse.Should().Throw<DemoException>().WithMessage($"{args[0]}*");
    }
}
