using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.RabbitMQ.Tests.Hosts;

/// <summary>Two processes of one endpoint, of which one works and the other stands by.</summary>
public sealed class TakeOverTests : IDisposable
{
    private const int Kills = 30;
    private const int Keys = 10;
    private const int MostOpen = 500;

    private static readonly TimeSpan BetweenKills = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenNumbers = TimeSpan.FromMilliseconds(50);

    /// <summary>Both, the elder first.</summary>
    private readonly List<ChildProgram> pair = [];

    [Fact]
    public async Task One_of_two_is_killed_every_second_and_every_number_has_its_effect_once_and_in_order()
    {
        var application = NumbersApplication.New() with { Handles = false, Outbox = NumbersProcess.Configure };
        await using var host = await NumbersHost.StartAsync(application);
        pair.AddRange([NumbersProcess.Start(application), NumbersProcess.Start(application)]);
        await Server.UntilQueueHasAsync(host.Prefix + "counter", pair.Count, "consumers");

        var killing = KillAsync(host, application);
        while (!killing.IsCompleted)
        {
            if (await host.OpenAsync() < MostOpen)
            {
                await host.CountAsync(10 * Keys, Keys);
            }

            await Task.Delay(BetweenNumbers);
        }

        await killing;
        await host.ShouldBeCompleteAsync();
        await Task.WhenAll(pair.Select(process => process.StopAsync()));
        await host.ShouldBeCompleteAsync(); // What came after the last number would have been too much.
        (await host.QueryAsync(db => db.Effects.Select(effect => effect.Process).Distinct().CountAsync())).Should().BeGreaterThan(2, "or nobody has taken over");
    }

    public void Dispose() => pair.ForEach(process => process.Dispose());

    /// <summary>
    /// Kills the elder if it has done some work, and else the younger, which had less time to begin: so the one that works is met
    /// as often as may be, and on a machine that starts processes slowly there still is one.
    /// </summary>
    private async Task KillAsync(NumbersHost host, NumbersApplication application)
    {
        using var timer = new PeriodicTimer(BetweenKills);
        for (var kill = 0; kill < Kills; kill++)
        {
            await timer.WaitForNextTickAsync();
            var elder = pair[0].Id;
            var victim = pair[await host.QueryAsync(db => db.Effects.AnyAsync(effect => effect.Process == elder)) ? 0 : 1];
            pair.Remove(victim);
            victim.Dispose(); // SIGKILL.
            pair.Add(NumbersProcess.Start(application));
        }
    }
}
