using System.Diagnostics;
using Messaging.Toolkit.Simulations;
using Messaging.Toolkit.Testing.Simulations;

namespace Messaging.Toolkit.Testing.Tests.Simulations;

/// <summary>What a seed has shown once it shows again.</summary>
public sealed class DeterminismTests
{
    [Fact]
    public void The_same_seed_has_the_same_trace() => ExpectSame(Applications.All["numbered"], seeds: 20);

    [Fact]
    public void It_has_it_with_sagas() => ExpectSame(Applications.All["sagas"], seeds: 8);

    [Fact]
    public void It_has_it_over_RabbitMQ() => ExpectSame(SimulatedTransports.All["rabbitmq"](Applications.All["numbered"]), seeds: 8);

    [Fact]
    public void It_has_it_over_Kafka() => ExpectSame(SimulatedTransports.All["kafka"](Applications.All["numbered"]), seeds: 5);

    /// <summary>Hashes of strings differ from process to process: whatever enumerates by them would show here.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(8)]
    public async Task It_has_it_in_another_process_too(int seed) => (await TraceOfChildAsync(seed)).Should().Be(await TraceOfChildAsync(seed)).And.Contain("effect at");

    [Fact]
    public void Another_seed_has_another_trace()
    {
        using var runner = new SeedRunner(Applications.All["numbered"].Definition);

        runner.RunOne(1).Trace.ToString().Should().NotBe(runner.RunOne(2).Trace.ToString());
    }

    private static void ExpectSame(Simulation simulation, ulong seeds)
    {
        using var runner = new SeedRunner(simulation.Definition);
        for (ulong seed = 1; seed <= seeds; seed++)
        {
            var first = runner.RunOne(seed).Trace.ToString();
            first.Should().NotBeEmpty();
            runner.RunOne(seed).Trace.ToString().Should().Be(first, "seed {0}", seed);
        }
    }

    private static async Task<string> TraceOfChildAsync(int seed)
    {
        using var child = Process.Start(new ProcessStartInfo("dotnet", [typeof(Applications).Assembly.Location, "--seed", $"{seed}", "--trace"]) { RedirectStandardOutput = true })!;
        var trace = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        child.ExitCode.Should().Be(0, trace);
        return trace;
    }
}
