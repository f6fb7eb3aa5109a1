using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>What tests of sagas ask of a host.</summary>
internal static class SagaHosts
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Timeouts and messages of other processes are looked for often, and the leases of dead ones end soon.</summary>
    public static void BeQuick(Configuration.MessagingBuilder messaging) => messaging
        .Outbox(o => (o.LeaseDuration, o.MinPollInterval, o.MaxPollInterval) = (TimeSpan.FromSeconds(1.5), TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(100)))
        .Sagas(s => s.TimeoutInterval = TimeSpan.FromMilliseconds(10));

    public static async Task<T> SagasAsync<T>(this ShopHost host, Func<ISagas, Task<T>> ask)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await ask(scope.ServiceProvider.GetRequiredService<ISagas>());
    }

    /// <summary>Runs work in a scope of its own, and saves what it has begun or resumed.</summary>
    public static async Task<T> SaveSagasAsync<T>(this ShopHost host, Func<ISagas, Task<T>> work)
    {
        await using var scope = host.Services.CreateAsyncScope();
        var result = await work(scope.ServiceProvider.GetRequiredService<ISagas>());
        await scope.ServiceProvider.GetRequiredService<ShopDb>().SaveChangesAsync();
        return result;
    }

    public static Task<Guid> StartSagaAsync<TSaga, TState>(this ShopHost host, TState state) where TSaga : Saga<TState> where TState : class
        => host.SaveSagasAsync(sagas => Task.FromResult(sagas.Start<TSaga, TState>(state)));

    public static Task ResumeAsync(this ShopHost host, Guid id) => host.SaveSagasAsync(async sagas =>
    {
        sagas.Resume((await sagas.FindAsync(id))!);
        return id;
    });

    /// <summary>Publishes, each in a transaction of its own.</summary>
    public static async Task PublishAsync(this ShopHost host, params object[] messages)
    {
        foreach (var message in messages)
        {
            await host.InScopeAsync(async (db, bus) =>
            {
                bus.Publish(message);
                await db.SaveChangesAsync();
            });
        }
    }

    public static Task<SagaRow> RowAsync(this ShopHost host, Guid id) => host.QueryAsync(db => db.Set<SagaRow>().AsNoTracking().SingleAsync(row => row.Id == id));

    public static Task<List<SagaRow>> RowsAsync(this ShopHost host) => host.QueryAsync(db => db.Set<SagaRow>().AsNoTracking().ToListAsync());

    public static Task<IReadOnlyList<SagaHistoryEntry>> HistoryAsync(this ShopHost host, Guid id) => host.SagasAsync(sagas => sagas.GetHistoryAsync(id));

    /// <summary>Waits until an instance is in a state, and returns it.</summary>
    public static async Task<SagaView> UntilAsync(this ShopHost host, Guid id, Func<SagaView, bool> condition, string what)
    {
        SagaView? found = null;
        await Verdict.EventuallyAsync(
            async () => (found = await host.SagasAsync(sagas => sagas.FindAsync(id))) is { } saga && condition(saga),
            $"{what}, saga {id:N}", Patience);
        return found!;
    }

    public static Task<SagaView> UntilAsync(this ShopHost host, Guid id, SagaStatus status) => host.UntilAsync(id, saga => saga.Status == status, status.ToString());

    /// <summary>Waits until nothing is left to do, and what was handled last has committed.</summary>
    public static Task QuietAsync(this ShopHost host) => Verdict.EventuallyAsync(async () => (await host.OutboxAsync()).Count == 0, "an empty outbox", Patience);

    /// <summary>Waits until two hosts have equal shares of the outbox.</summary>
    public static Task SharedAsync(this ShopHost host) => Verdict.EventuallyAsync(
        async () => (await host.QueryAsync(db => db.Set<LeaseRow>()
            .Where(lease => lease.Owner != null && lease.Name.StartsWith("bucket/")).GroupBy(lease => lease.Owner).Select(group => group.Count()).ToListAsync())).SequenceEqual([32, 32]),
        "equal shares");

    /// <summary>The instance of a correlation.</summary>
    public static Task<SagaView?> FindAsync<TProcess>(this ShopHost host, object correlation) where TProcess : ProcessManagerBase
        => host.SagasAsync(sagas => sagas.FindAsync<TProcess>(correlation));
}
