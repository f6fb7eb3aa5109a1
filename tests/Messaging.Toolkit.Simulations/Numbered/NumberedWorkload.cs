using Messaging.Toolkit;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Numbered;

/// <summary>What the clients do: transactions of every form that the toolkit knows.</summary>
internal static class NumberedWorkload
{
    private const int Transactions = 3;
    private const int Keys = 3;

    public static Simulation Simulation { get; } = Testing.Simulation.For<NumberedApplication>()
        .Workload(clients: 3, RunAsync)
        .Always<NumberedDb>("the numbers of a key are handled in their order, each once", AreInOrderAsync)
        .DrainsWithin(TimeSpan.FromSeconds(40)); // A lease of 5 s, a pause of 15 s after failures, and the work.

    private static async Task RunAsync(SimulationClient client)
    {
        var isNasty = client.Random.Next(5) == 0;
        for (var i = 0; i < Transactions; i++)
        {
            var key = $"key-{client.Random.Next(Keys)}";
            var count = client.Random.Next(1, 3);
            var form = client.Random.Next(6);
            var isPoison = isNasty && client.Random.Next(3) == 0;
            await client.CallAsync((scope, cancellationToken) => TransactAsync(scope, form, key, count, isPoison, cancellationToken));
            await client.DelayAsync(TimeSpan.FromMilliseconds(client.Random.Next(200)));
        }
    }

    private static async Task<bool> AreInOrderAsync(NumberedDb db)
    {
        var effects = await db.Effects.AsNoTracking().Where(effect => effect.Endpoint != "notes").OrderBy(effect => effect.Id).ToListAsync();
        return effects.GroupBy(effect => (effect.Endpoint, effect.Key)).All(line => line.Zip(line.Skip(1)).All(pair => pair.First.Number < pair.Second.Number));
    }

    private static async Task TransactAsync(IServiceProvider scope, int form, string key, int count, bool isPoison, CancellationToken cancellationToken)
    {
        var db = scope.GetRequiredService<NumberedDb>();
        var bus = scope.GetRequiredService<IMessageBus>();
        switch (form)
        {
            case 0: // In a transaction of the caller's, which is the only way to save twice.
                await InTransactionAsync(db, async () =>
                {
                    await CountAsync(db, bus, key, 1, isPoison, cancellationToken);
                    await CountAsync(db, bus, key, count, isPoison, cancellationToken);
                }, commits: true, cancellationToken);
                break;
            case 1: // It thinks better of it, and goes on with the same context.
                await InTransactionAsync(db, () => CountAsync(db, bus, key, count, isPoison, cancellationToken), commits: false, cancellationToken);
                GiveUp(db);
                await CountAsync(db, bus, key, 1, isPoison, cancellationToken);
                break;
            case 2: // At once, whatever becomes of the transaction.
                await bus.PublishNowAsync(new Note("none", count), cancellationToken: cancellationToken);
                await CountAsync(db, bus, key, count, isPoison, cancellationToken);
                break;
            case 3: // Nothing but messages.
                bus.Send(new Note("none", count));
                await db.SaveChangesAsync(cancellationToken);
                break;
            case 4: // From the second time on it conflicts: nothing of it may be seen.
                db.Counters.Add(new Counter { Name = "nobody's", Number = 1 });
                bus.Send(new Note("none", -1));
                await db.SaveChangesAsync(cancellationToken);
                break;
            default:
                await CountAsync(db, bus, key, count, isPoison, cancellationToken);
                break;
        }
    }

    private static Task InTransactionAsync(NumberedDb db, Func<Task> work, bool commits, CancellationToken cancellationToken)
        => db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            GiveUp(db); // What an attempt before this one has left.
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await work();
            if (commits)
            {
                await transaction.CommitAsync(cancellationToken);
            }
            else
            {
                await transaction.RollbackAsync(cancellationToken);
            }
        });

    private static void GiveUp(NumberedDb db)
    {
        db.ChangeTracker.Clear();
        db.DiscardMessages();
    }

    private static async Task CountAsync(NumberedDb db, IMessageBus bus, string key, int count, bool isPoison, CancellationToken cancellationToken)
    {
        var counter = await db.Counters.FindAsync([key], cancellationToken);
        if (counter is null)
        {
            db.Counters.Add(counter = new Counter { Name = key });
        }

        for (var i = 0; i < count; i++)
        {
            counter.Number++;
            bus.Publish(new Counted(key, counter.Number, isPoison));
        }

        await db.SaveChangesAsync(cancellationToken);
    }
}
