using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Tests.Chaos;

/// <summary>Which errors a run of chaos forgives.</summary>
public sealed class ErrorLogTests
{
    private readonly ErrorLog log = new();

    [Fact]
    public void An_error_of_the_toolkit_is_counted_and_told()
    {
        Read(
            "12:00:00.000 info: Messaging.Toolkit[2]", "      started",
            "12:00:00.001 fail: Messaging.Toolkit[22]", "      stock: a message is in the dead letters now", "      more of it",
            "crit: Microsoft.AspNetCore.Hosting.Diagnostics[6]", "      failed to start");

        log.UnexpectedCount.Should().Be(2);
        log.ExpectedCount.Should().Be(0);
        log.Unexpected.Should().Equal(
            "shop-1: 12:00:00.001 fail: Messaging.Toolkit[22] stock: a message is in the dead letters now",
            "shop-1: crit: Microsoft.AspNetCore.Hosting.Diagnostics[6] failed to start");
    }

    [Fact]
    public void A_request_that_failed_with_the_database_is_expected()
    {
        Read(
            "12:00:00.000 fail: Microsoft.EntityFrameworkCore.Database.Connection[20004]", "      An error occurred using the connection",
            "12:00:00.001 fail: Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware[1]", "      An unhandled exception has occurred");

        log.ExpectedCount.Should().Be(2);
        log.UnexpectedCount.Should().Be(0);
    }

    private void Read(params string[] lines)
    {
        foreach (var line in lines)
        {
            log.Read("shop-1", line);
        }
    }
}
