using System.Data.Common;
using Messaging.Toolkit;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Numbered;

/// <summary>What the clients do: transactions of every form that the toolkit knows.</summary>
internal static class NumberedWorkload
{
    private const int Transactions = 4;
    private const int Keys = 3;
    private const int Forms = 8;

    /// <summary>So many that they wait for each other, which they must to be handled in groups.</summary>
    private const int BurstSize = 8;

    private const double Burst = 0.05;
    private const double Quiet = 0.2;

    /// <summary>Seldom, as a run in which a handler fails by itself tells nothing of what is so without faults.</summary>
    private const double Poison = 0.02;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Long enough for the nodes to share the buckets anew, so that transactions meet that.</summary>
    private static readonly TimeSpan LongestQuiet = TimeSpan.FromSeconds(4);

    public static Simulation Simulation { get; } = Of<NumberedApplication>();

    /// <summary>The same with two transports.</summary>
    public static Simulation Crossing { get; } = Of<CrossingApplication>();

    private static Simulation Of<TApplication>() where TApplication : ISimulatedApplication, new() => NumberedInvariants.AddTo(Testing.Simulation.For<TApplication>()
        .Workload(clients: 3, RunAsync)
        .DrainsWithin(TimeSpan.FromSeconds(40))); // A lease of 5 s, a pause of 15 s after failures, and the work.

    private static async Task RunAsync(SimulationClient client)
    {
        for (var i = 0; i < Transactions; i++)
        {
            var key = $"key-{client.Random.Next(Keys)}";
            var count = client.Random.NextDouble() < Burst ? BurstSize : client.Random.Next(1, 3);
            var form = client.Random.NextDouble() < Poison ? Forms : client.Random.Next(Forms);
            await client.CallAsync((scope, cancellationToken) => TransactAsync(scope, client.NewGuid(), form, key, count, cancellationToken));
            await client.DelayAsync(client.Random.NextDouble() < Quiet ? LongestQuiet * client.Random.NextDouble() : LongestPause * client.Random.NextDouble());
        }
    }

    private static async Task TransactAsync(IServiceProvider scope, Guid id, int form, string key, int count, CancellationToken cancellationToken)
    {
        var db = scope.GetRequiredService<NumberedDb>();
        var bus = scope.GetRequiredService<IMessageBus>();
        switch (form)
        {
            case 0: // In a transaction of the caller's, which is the only way to save twice.
                await InTransactionAsync(db, async () =>
                {
                    await CountAsync(db, bus, key, 1, cancellationToken);
                    await CountAsync(db, bus, key, count, cancellationToken);
                }, commits: true, cancellationToken);
                break;
            case 1: // It thinks better of it, and goes on with the same context.
                await InTransactionAsync(db, () => CountAsync(db, bus, key, count, cancellationToken), commits: false, cancellationToken);
                db.ChangeTracker.Clear();
                await CountAsync(db, bus, key, 1, cancellationToken);
                break;
            case 2: // One after the other with one context, as one that lives long does.
                await CountAsync(db, bus, key, count, cancellationToken);
                await CountAsync(db, bus, key, 1, cancellationToken);
                break;
            case 3: // Nothing but messages, and one of them at once. They have no order with those of other transactions.
                await bus.PublishNowAsync(new Note("none", count), cancellationToken: cancellationToken);
                bus.Send(new Note("none", count));
                await db.SaveChangesAsync(cancellationToken);
                break;
            case 4: // It does not care that a save has failed, and commits.
                await InTransactionAsync(db, () => IgnoreAsync(CountAsync(db, bus, key, count, cancellationToken)), commits: true, cancellationToken);
                break;
            case 5: // The messages come when the rows are saved already.
                await InTransactionAsync(db, async () =>
                {
                    var counter = await FindAsync(db, key, cancellationToken);
                    counter.Number++;
                    await db.SaveChangesAsync(cancellationToken);
                    bus.Publish(new Counted(key, counter.Number));
                    await db.SaveChangesAsync(cancellationToken);
                }, commits: true, cancellationToken);
                break;
            case 6: // As one does whose database may be away for a moment.
                await db.ExecuteInTransactionAsync(
                    cancel =>
                    {
                        db.Receipts.Add(new Receipt { Transaction = id });
                        return CountAsync(db, bus, key, count, cancel);
                    },
                    cancellationToken);
                break;
            case Forms:
                for (var i = 0; i < BurstSize; i++)
                {
                    bus.Send(Note.Poison);
                }

                await db.SaveChangesAsync(cancellationToken);
                break;
            default: // Others count at the same time: who was slower fails, and nothing of it may happen.
                await CountAsync(db, bus, key, count, cancellationToken);
                break;
        }
    }

    private static Task InTransactionAsync(NumberedDb db, Func<Task> work, bool commits, CancellationToken cancellationToken)
        => db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            db.DiscardMessages();
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

    private static async Task CountAsync(NumberedDb db, IMessageBus bus, string key, int count, CancellationToken cancellationToken)
    {
        var counter = await FindAsync(db, key, cancellationToken);
        for (var i = 0; i < count; i++)
        {
            counter.Number++;
            bus.Publish(new Counted(key, counter.Number));
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    private static async Task<Counter> FindAsync(NumberedDb db, string key, CancellationToken cancellationToken)
    {
        var counter = await db.Counters.FindAsync([key], cancellationToken);
        if (counter is null)
        {
            db.Counters.Add(counter = new Counter { Name = key });
        }

        return counter;
    }

    private static async Task IgnoreAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException)
        {
            // As somebody does who logs it and goes on.
        }
    }
}
