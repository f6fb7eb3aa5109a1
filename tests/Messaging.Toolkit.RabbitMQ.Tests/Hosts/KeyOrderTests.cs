using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.RabbitMQ.Tests.Hosts;

/// <summary>The order of keys through everything at once: handlers that fail, delays, a backlog behind them, and processes that are killed in the middle of it.</summary>
public sealed class KeyOrderTests : IDisposable
{
    private const int Keys = 1000;
    private const int Kills = 3;

    private readonly List<ChildProgram> processes = [];

    [Fact]
    public async Task One_in_twenty_attempts_fails_the_process_that_works_is_killed_and_each_of_a_thousand_keys_keeps_its_order()
    {
        var application = NumbersApplication.New() with { Handles = false, Outbox = NumbersProcess.Configure, FailOneIn = 20, Parks = true };
        await using var host = await NumbersHost.StartAsync(application);
        processes.AddRange([NumbersProcess.Start(application), NumbersProcess.Start(application)]);
        await Server.UntilQueueHasAsync(host.Prefix + "counter", processes.Count, "consumers");
        var metParked = false;
        for (var kill = 0; kill < Kills; kill++)
        {
            await host.CountAsync(Keys, Keys);
            var goal = (Keys * kill) + (Keys / 4);
            await Eventually.IsAsync(() => host.QueryAsync(async db => await db.Effects.CountAsync() >= goal));
            metParked |= await host.QueryAsync(db => db.Set<ParkedRow>().AnyAsync());
            var last = await host.QueryAsync(db => db.Effects.OrderByDescending(effect => effect.Id).Select(effect => effect.Process).FirstAsync());
            var victim = processes.Single(process => process.Id == last);
            victim.Dispose(); // SIGKILL.
            processes.Remove(victim);
            processes.Add(NumbersProcess.Start(application));
            await LetLeasesRunOutAsync(host);
        }

        await host.CountAsync(Keys, Keys);
        await host.ShouldBeCompleteAsync();
        metParked.Should().BeTrue("the kills are to meet messages that wait");
        await Task.WhenAll(processes.Select(process => process.StopAsync()));
        await host.ShouldBeCompleteAsync(); // What came after the last number would have been too much.
        (await host.QueryAsync(db => db.Effects.Select(effect => effect.Process).Distinct().CountAsync())).Should().BeGreaterThan(1, "or nobody has taken over");
        (await host.QueryAsync(db => db.Set<ParkedRow>().CountAsync())).Should().Be(0);
    }

    public void Dispose() => processes.ForEach(process => process.Dispose());

    /// <summary>
    /// As if the minute had passed after which others take what a process had taken that is gone. It passes for those that live, too:
    /// what they have in hand is taken from them.
    /// </summary>
    private static Task<int> LetLeasesRunOutAsync(NumbersHost host) => host.QueryAsync(db => db.Set<ParkedRow>().Where(row => row.DueAt != null)
        .ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, row => row.DueAt!.Value.AddMinutes(-1))));
}
