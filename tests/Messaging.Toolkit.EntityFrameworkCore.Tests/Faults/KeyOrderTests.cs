using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>The order of keys through everything at once: handlers that fail, delays, a backlog behind them, and processes that are killed in the middle of it.</summary>
public sealed class KeyOrderTests : IDisposable
{
    /// <summary>The first argument of the program, in a process that handles.</summary>
    public const string Role = "failing";

    private const int Keys = 1000;
    private const int Kills = 3;
    private const int FailOneIn = 20;

    private static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly List<ChildProgram> processes = [];

    [Fact]
    public async Task One_in_twenty_attempts_fails_processes_are_killed_and_each_of_a_thousand_keys_keeps_its_order()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database, Configure);
        processes.AddRange([await StartAsync(database), await StartAsync(database)]);
        var metParked = false;
        for (var kill = 0; kill < Kills; kill++)
        {
            await PublishAsync(shop, kill + 1);
            var goal = (Keys * kill) + (Keys / 4);
            await Verdict.EventuallyAsync(() => shop.QueryAsync(async db => await db.Effects.CountAsync() >= goal), "some effects");
            metParked |= await shop.QueryAsync(db => db.Set<ParkedRow>().AnyAsync());
            processes[0].Dispose(); // SIGKILL.
            processes.RemoveAt(0);
            processes.Add(await StartAsync(database));
            await LetLeasesRunOutAsync(shop);
        }

        await PublishAsync(shop, Kills + 1);
        metParked.Should().BeTrue("the kills are to meet messages that wait");
        await Verdict.EventuallyAsync(
            () => shop.QueryAsync(async db => !await db.Set<OutboxRow>().AnyAsync() && !await db.Set<ParkedRow>().AnyAsync()), "nothing more waits", Patience);
        await Task.WhenAll(processes.Select(process => process.StopAsync()));
        await shop.ShouldHaveHandledInOrderAsync(Enumerable.Range(0, Keys).ToDictionary(KeyOf, _ => Kills + 1));
    }

    public void Dispose() => processes.ForEach(process => process.Dispose());

    /// <summary>The program of the child.</summary>
    internal static async Task RunAsync(TestDatabase database)
    {
        await using var shop = await ShopHost.StartAsync(database, Configure);
        await ChildProgram.RunAsync();
        await shop.StopAsync();
    }

    private static async Task<ChildProgram> StartAsync(TestDatabase database)
    {
        var process = ChildProgram.Start(Role, database.Kind, database.ConnectionString);
        await process.StartedAsync();
        return process;
    }

    private static void Configure(MessagingBuilder messaging) => Script.Of(
        call => (uint)HashCode.Combine(call.Context.MessageId, call.Context.Attempt) % FailOneIn == 0 ? throw new InvalidOperationException("As it happens.") : Task.CompletedTask,
        e => e.OnFailure(f => f.RetryImmediately(0).ThenBackOff(ShortestDelay, LongestDelay, 20)),
        m => m.Outbox(o =>
        {
            o.LeaseDuration = TimeSpan.FromSeconds(1.5);
            o.MaxPollInterval = TimeSpan.FromMilliseconds(200);
        }))(messaging);

    private static string KeyOf(int key) => $"key-{key}";

    private static Task PublishAsync(ShopHost shop, int number) => shop.InScopeAsync(async (db, bus) =>
    {
        for (var key = 0; key < Keys; key++)
        {
            bus.Publish(new OrderPlaced(KeyOf(key), number));
        }

        await db.SaveChangesAsync();
    });

    /// <summary>
    /// As if the minute had passed after which others take what a process had taken that is gone. It passes for those that live, too:
    /// what they have in hand is taken from them.
    /// </summary>
    private static Task<int> LetLeasesRunOutAsync(ShopHost shop) => shop.QueryAsync(db => db.Set<ParkedRow>().Where(row => row.DueAt != null)
        .ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, row => row.DueAt!.Value.AddMinutes(-1))));
}
