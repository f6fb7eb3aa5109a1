using System.Globalization;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests.Hosts;

/// <summary>A whole application over a real broker that is treated badly: everything is handled once, and each key in its order.</summary>
public sealed class HostTests
{
    /// <summary>As many as one has the time for.</summary>
    private static readonly int Many = int.Parse(Environment.GetEnvironmentVariable("MESSAGING_TEST_MANY") ?? "20000", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Many_messages_keep_their_order_though_one_in_fifty_fails_at_first()
    {
        await using var host = await NumbersHost.StartAsync(failOneIn: 50);

        await host.CountAsync(Many, keys: Many / 100);

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task An_application_starts_while_the_broker_is_away_says_so_and_works_when_it_comes()
    {
        await using var proxy = new Proxy { IsDown = true };
        await using var host = await NumbersHost.StartAsync(options => options.Uri = proxy.Uri);
        await host.CountAsync(1_000, keys: 10);
        await Eventually.IsAsync(() => SaysAsync("endpoint counter: No connection to RabbitMQ"));
        await Eventually.IsAsync(() => SaysAsync("outbox of NumbersDb: No connection to RabbitMQ"));
        var health = await host.HealthAsync();
        health.Status.Should().Be(HealthStatus.Unhealthy);
        health.Description.Should().NotContain(proxy.Uri.UserInfo);

        proxy.IsDown = false;

        await host.ShouldBeCompleteAsync();
        (await host.HealthAsync()).Status.Should().Be(HealthStatus.Healthy);

        async Task<bool> SaysAsync(string trouble) => (await host.HealthAsync()).Description!.Contains(trouble);
    }

    [Theory]
    [InlineData(QueueConsumers.SingleActive)]
    [InlineData(QueueConsumers.Partitioned)]
    public async Task Every_connection_is_closed_by_the_broker_again_and_again(QueueConsumers consumers)
    {
        await using var host = await NumbersHost.StartAsync(options => options.Queues.Consumers = consumers, failOneIn: 50);
        for (var i = 0; i < 4; i++)
        {
            await host.CountAsync(3_000, keys: 100);
            await Server.ControlAsync("close_all_connections", "tried by a test");
        }

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task Every_channel_dies_in_the_broker_again_and_again()
    {
        await using var host = await NumbersHost.StartAsync(failOneIn: 50);
        for (var i = 0; i < 4; i++)
        {
            await host.CountAsync(2_000, keys: 100);
            await Server.ControlAsync("eval", "[exit(Channel, kill) || Channel <- rabbit_channel:list()].");
        }

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task The_broker_stops_and_comes_back_under_load()
    {
        await using var host = await NumbersHost.StartAsync(failOneIn: 50);
        await host.CountAsync(5_000, keys: 100);
        await Server.ControlAsync("stop_app");
        await host.CountAsync(5_000, keys: 100);
        await Server.ControlAsync("start_app");
        await host.CountAsync(5_000, keys: 100);

        await host.ShouldBeCompleteAsync();
    }

    /// <summary>When its queue is a few seconds old: a quorum queue that RabbitMQ 3.10 has declared just before it is killed hangs for ever after.</summary>
    [Fact]
    public async Task The_broker_is_killed_under_load()
    {
        await using var host = await NumbersHost.StartAsync(failOneIn: 50);
        await host.CountAsync(5_000, keys: 100);
        await host.ShouldBeCompleteAsync();
        await host.CountAsync(5_000, keys: 100);
        await Server.CrashAsync();
        await host.CountAsync(5_000, keys: 100);

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task The_queue_is_deleted_while_it_is_consumed()
    {
        await using var host = await NumbersHost.StartAsync();
        await host.CountAsync(1_000, keys: 10);
        await host.ShouldBeCompleteAsync();

        await Line.BareAsync(channel => channel.QueueDeleteAsync(host.Prefix + "counter"));
        await host.CountAsync(1_000, keys: 10);

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task The_memory_of_the_broker_runs_out_for_a_while()
    {
        await using var host = await NumbersHost.StartAsync();
        await host.CountAsync(2_000, keys: 100);
        await Server.ControlAsync("set_vm_memory_high_watermark", "0.00001");
        try
        {
            await host.CountAsync(3_000, keys: 100);
        }
        finally
        {
            await Server.ControlAsync("set_vm_memory_high_watermark", "absolute", "1GB");
        }

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task The_network_is_slow()
    {
        await using var proxy = new Proxy { Delay = TimeSpan.FromMilliseconds(20) };
        await using var host = await NumbersHost.StartAsync(options => options.Uri = proxy.Uri, failOneIn: 50);
        await host.CountAsync(3_000, keys: 100);

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task The_network_lets_a_kilobyte_a_second_through()
    {
        await using var proxy = new Proxy();
        await using var host = await NumbersHost.StartAsync(options => options.Uri = proxy.Uri);
        await host.CountAsync(100, keys: 10);
        await host.ShouldBeCompleteAsync();

        var before = proxy.Passed;
        proxy.BytesPerSecond = 1_000;
        await host.CountAsync(20, keys: 10);
        await Eventually.IsAsync(() => proxy.Passed > before + 5_000);
        proxy.BytesPerSecond = 0;

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task The_network_resets_connections_in_the_middle_of_a_frame()
    {
        await using var proxy = new Proxy { ResetAfter = 70_001 };
        await using var host = await NumbersHost.StartAsync(options => options.Uri = proxy.Uri, failOneIn: 50);
        await host.CountAsync(2_000, keys: 100);
        await Eventually.IsAsync(() => proxy.Resets >= 3);
        proxy.ResetAfter = int.MaxValue;

        await host.ShouldBeCompleteAsync();
    }

    [Fact]
    public async Task The_network_swallows_everything_for_twenty_seconds()
    {
        await using var proxy = new Proxy();
        await using var host = await NumbersHost.StartAsync(options =>
        {
            options.Uri = proxy.Uri;
            options.Connection = factory => factory.RequestedHeartbeat = TimeSpan.FromSeconds(4);
        }, failOneIn: 50);
        await host.CountAsync(2_000, keys: 100);
        proxy.BeginSilence();
        await host.CountAsync(2_000, keys: 100);
        await Task.Delay(TimeSpan.FromSeconds(20));
        proxy.EndSilence();

        await host.ShouldBeCompleteAsync();
    }
}
