using Messaging.Toolkit;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Schedules;

/// <summary>What the clients do: they schedule in every form, and cancel what they have scheduled.</summary>
internal static class SchedulesWorkload
{
    private const int Transactions = 5;
    private const int Keys = 3;
    private const int Names = 2;
    private const int Forms = 8;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(6);

    public static Simulation Simulation { get; } = SchedulesInvariants.AddTo(Testing.Simulation.For<SchedulesApplication>()
        .Workload(clients: 3, RunAsync)
        .DrainsWithin(TimeSpan.FromSeconds(60))); // Two lease durations, a pause of 15 s after failures, what is due later, and the work.

    private static async Task RunAsync(SimulationClient client)
    {
        for (var i = 0; i < Transactions; i++)
        {
            var form = client.Random.Next(Forms);
            var name = $"client-{client.Number}/{client.Random.Next(Names)}";
            await client.CallAsync((scope, cancellationToken) => new Transaction(scope, client, name, cancellationToken).RunAsync(form));
            await client.DelayAsync(LongestPause * client.Random.NextDouble());
        }
    }

    /// <summary>One of a client's transactions. Names are a client's own, so that it is known what waits under them.</summary>
    private sealed class Transaction(IServiceProvider scope, SimulationClient client, string name, CancellationToken cancellationToken)
    {
        private readonly SchedulesDb db = scope.GetRequiredService<SchedulesDb>();
        private readonly IMessageBus bus = scope.GetRequiredService<IMessageBus>();

        public async Task RunAsync(int form)
        {
            switch (form)
            {
                case 0: // By a time that may have passed already.
                    PlanAt(client.Time.GetUtcNow() + (LongestDelay * ((client.Random.NextDouble() * 1.2) - 0.2)));
                    break;
                case 1:
                    await CancelAsync();
                    break;
                case 2: // Put off.
                    await CancelAsync();
                    PlanAfter();
                    break;
                case 3: // Thought better of.
                    PlanAfter().IsCancelled = true;
                    bus.Cancel(name);
                    await MarkAsync(plan => plan.IsCancelled = true);
                    break;
                case 4: // All or nothing, and nothing it is. Then it goes on.
                    await RollBackAsync();
                    db.ChangeTracker.Clear();
                    PlanAfter();
                    break;
                case 5: // Cancelled on its own.
                    await MarkAsync(plan => plan.MayBeCancelled = true);
                    await db.SaveChangesAsync(cancellationToken);
                    await bus.CancelNowAsync(name, cancellationToken);
                    return;
                default: // Several, some of them due at the same time.
                    PlanAfter(again: client.Random.Next(3) == 0);
                    PlanAfter();
                    PlanAt(client.Time.GetUtcNow() + (LongestDelay / 2));
                    break;
            }

            await db.SaveChangesAsync(cancellationToken);
        }

        private async Task CancelAsync()
        {
            bus.Cancel(name);
            await MarkAsync(plan => plan.IsCancelled = true);
        }

        private async Task MarkAsync(Action<Plan> mark)
        {
            var plans = await db.Plans.Where(plan => plan.Name == name).ToListAsync(cancellationToken);
            plans.ForEach(mark);
        }

        /// <summary>What it plans never was, and what it cancels is not cancelled.</summary>
        private Task RollBackAsync() => db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            db.DiscardMessages();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            await CancelAsync();
            PlanAfter();
            await db.SaveChangesAsync(cancellationToken);
            await transaction.RollbackAsync(cancellationToken);
        });

        private Plan PlanAfter(bool again = false)
        {
            var delay = TimeSpan.FromMilliseconds(client.Random.Next((int)LongestDelay.TotalMilliseconds));
            return Add(client.Time.GetUtcNow() + delay, again, options => options.After(delay));
        }

        private void PlanAt(DateTimeOffset time) => Add(time, again: false, options => options.At(time));

        private Plan Add(DateTimeOffset due, bool again, Action<PublishOptions> when)
        {
            var plan = new Plan { Id = client.NewGuid(), Name = name, Key = $"key-{client.Random.Next(Keys)}", Due = due.UtcDateTime };
            db.Plans.Add(plan);
            bus.Send(new Remind(plan.Key, plan.Id, again), options =>
            {
                when(options);
                options.ScheduleId = name;
            });
            return plan;
        }
    }
}
