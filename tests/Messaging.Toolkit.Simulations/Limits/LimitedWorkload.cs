using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Limits;

/// <summary>What the clients do: they order jobs of every kind, now and then many at once, and repeat what they are not sure of.</summary>
internal static class LimitedWorkload
{
    public const int BurstSize = 24;

    private const int Rounds = 4;
    private const int Keys = 3;
    private const double Burst = 0.15;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestUse = TimeSpan.FromSeconds(3);

    public static Simulation Simulation { get; } = Testing.Simulation.For<LimitedApplication>()
        .Workload(clients: 3, RunAsync)
        .Finally<LimitedDb>("no job was done twice", async db => !await db.Deeds.GroupBy(deed => new { deed.Endpoint, deed.Job }).AnyAsync(deeds => deeds.Count() > 1))
        .Finally<LimitedDb>("no node went over a limit", async db => !await db.Deeds.AnyAsync(deed => deed.IsBeyondLimit))
        .Finally<LimitedDb>("who has asked was told once, and the truth, or his answer is a dead letter", WereToldAsync)
        .DrainsWithin(TimeSpan.FromSeconds(60)); // A lease of 5 s, a pause of 15 s after failures, and the work at its limited rate.

    private static async Task RunAsync(SimulationClient client)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var orders = Enumerable.Range(0, client.Random.NextDouble() < Burst ? BurstSize : client.Random.Next(1, 5)).Select(_ => Choose(client)).ToList();
            for (var repetitions = client.Random.Next(1, 4); repetitions > 0; repetitions--)
            {
                // What has a key may be repeated whether it has worked or not. The others are ordered once.
                await client.CallAsync((scope, cancellationToken) => OrderAsync(scope, orders, cancellationToken));
                orders.RemoveAll(order => !order.HasKey);
                await client.DelayAsync(LongestPause * client.Random.NextDouble());
            }
        }
    }

    private static Order Choose(SimulationClient client)
    {
        var key = client.Random.Next(4) == 0 ? null : $"key-{client.Random.Next(Keys)}";
        return new(
            new Job(key, client.NewGuid().ToString("N")),
            HasKey: client.Random.Next(2) == 0,
            IsUrgent: client.Random.Next(3) == 0,
            IsAsked: client.Random.Next(4) == 0,
            Use: client.Random.Next(3) == 0 ? LongestUse * (client.Random.NextDouble() + 0.01) : null);
    }

    private static async Task OrderAsync(IServiceProvider scope, IReadOnlyList<Order> orders, CancellationToken cancellationToken)
    {
        var db = scope.GetRequiredService<LimitedDb>();
        var bus = scope.GetRequiredService<MessageBus>();
        foreach (var order in orders)
        {
            var name = order.Job.Name;
            if (order.IsAsked && !await db.Questions.AnyAsync(question => question.Job == name, cancellationToken))
            {
                db.Questions.Add(new Question { Job = name });
            }

            bus.Add(order.Job, MessageKind.Event, order.IsAsked ? new Addressing { ReplyTo = new ReplyAddress("askers", name, Acknowledge: true) } : Addressing.None, options =>
            {
                options.IdempotencyKey = order.HasKey ? name : null;
                if (order.IsUrgent)
                {
                    options.Headers[LimitedApplication.IsUrgent] = "";
                }

                if (order.Use is { } use)
                {
                    options.ExpiresAfter(use);
                }
            });
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    private static async Task<bool> WereToldAsync(LimitedDb db)
    {
        var questions = await db.Questions.AsNoTracking().Select(question => question.Job).ToListAsync();
        var done = await db.Deeds.AsNoTracking().Where(deed => deed.Endpoint == "jobs").Select(deed => deed.Job).ToListAsync();
        var told = (await db.Told.AsNoTracking().ToListAsync()).ToLookup(told => told.Job, told => told.Handled);
        var untold = (await db.Set<DeadLetterRow>().AsNoTracking().Where(letter => letter.Endpoint == "askers").ToListAsync())
            .ConvertAll(letter => EnvelopeHeaders.Read(letter.MessageId, letter.Type, letter.Key, letter.Headers, letter.Body).InReplyTo);
        return questions.TrueForAll(job => untold.Contains(job) ? !told[job].Any() : told[job].SequenceEqual([done.Contains(job)]));
    }

    /// <param name="Job">What is to be done.</param>
    /// <param name="HasKey">It is published under a key, and so once, however often it is ordered.</param>
    /// <param name="IsUrgent">It goes first.</param>
    /// <param name="IsAsked">Somebody waits for it.</param>
    /// <param name="Use">How long it is of use.</param>
    private sealed record Order(Job Job, bool HasKey, bool IsUrgent, bool IsAsked, TimeSpan? Use);
}
