using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Failing;

/// <summary>Clients count; an operator mends and replays now and then, also what is not mended.</summary>
internal static class FailingWorkload
{
    private const int Transactions = 5;
    private const int Rounds = 4;
    private const int Keys = 3;

    private const double Fails = 0.25;
    private const double NeedsMending = 0.1;
    private const double Mends = 0.7;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(8);

    public static Simulation Simulation { get; } = FailingInvariants.AddTo(Testing.Simulation.For<FailingApplication>()
        .Workload(clients: 3, client => client.Number == 0 ? OperateAsync(client) : CountAsync(client))
        .DrainsWithin(TimeSpan.FromMinutes(4))); // Parked messages come one after another; what a dead process had taken comes after a minute.

    private static async Task CountAsync(SimulationClient client)
    {
        for (var i = 0; i < Transactions; i++)
        {
            var key = $"key-{client.Random.Next(Keys)}";
            var messages = Enumerable.Range(0, client.Random.Next(1, 4))
                .Select(_ => (Failures: client.Random.NextDouble() < Fails ? client.Random.Next(1, 5) : 0, NeedsMending: client.Random.NextDouble() < NeedsMending))
                .ToList();
            await client.CallAsync(async (scope, cancellationToken) =>
            {
                var db = scope.GetRequiredService<FailingDb>();
                var bus = scope.GetRequiredService<IMessageBus>();
                var counter = await db.Counters.FindAsync([key], cancellationToken) ?? db.Counters.Add(new Counter { Key = key }).Entity;
                foreach (var (failures, needsMending) in messages)
                {
                    bus.Publish(new Tried(key, ++counter.Number, failures, needsMending));
                }

                await db.SaveChangesAsync(cancellationToken);
            });
            await client.DelayAsync(LongestPause * client.Random.NextDouble());
        }
    }

    private static async Task OperateAsync(SimulationClient client)
    {
        for (var i = 0; i < Rounds; i++)
        {
            await client.DelayAsync(LongestRound * client.Random.NextDouble());
            var mends = client.Random.NextDouble() < Mends;
            await client.CallAsync(async (scope, cancellationToken) =>
            {
                var letters = scope.GetRequiredService<IDeadLetters>();
                if (mends)
                {
                    await MendAsync(scope.GetRequiredService<FailingDb>(), letters, cancellationToken);
                }

                await letters.ReplayAsync(new DeadLetterQuery(), cancellationToken);
            });
        }
    }

    private static async Task MendAsync(FailingDb db, IDeadLetters letters, CancellationToken cancellationToken)
    {
        foreach (var letter in await letters.QueryAsync(new DeadLetterQuery { Type = "tried" }, cancellationToken: cancellationToken))
        {
            var message = System.Text.Json.JsonSerializer.Deserialize<Tried>(letter.Body.Span, System.Text.Json.JsonSerializerOptions.Web)!;
            if (await db.Mendings.FindAsync([message.Key, message.Number], cancellationToken) is null)
            {
                db.Mendings.Add(new Mending { Key = message.Key, Number = message.Number });
            }
        }

        await db.SaveChangesAsync(cancellationToken);
    }
}
