using OrderFulfilment.Chaos;

namespace OrderFulfilment.Tests.Chaos;

/// <summary>What <c>eng/chaos</c> does for minutes, for some seconds.</summary>
public sealed class ChaosTests
{
    [Fact]
    public async Task Nothing_is_lost_doubled_or_out_of_order_while_processes_and_connections_fail()
    {
        var folder = Directory.CreateTempSubdirectory("order-fulfilment-chaos-").FullName;

        // A cut, a graceful restart and a kill. The server is not restarted: it serves other tests.
        var options = new ChaosOptions(TimeSpan.FromSeconds(5), Processes: 2, Seed: 1, Servers: null) { OrdersPerSecond = 5 };

        var result = await ChaosResult.OfAsync(options, folder, CancellationToken.None);

        result.Problem.Should().BeNull();
        result.Findings.Should().BeEmpty();
        result.Errors.Unexpected.Should().BeEmpty();
        result.Handled.Should().BePositive();
        result.Faults.Should().NotBeEmpty();
        Directory.Delete(folder, recursive: true);
    }
}
