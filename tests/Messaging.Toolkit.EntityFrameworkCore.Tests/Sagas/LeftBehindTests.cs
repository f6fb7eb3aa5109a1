using System.Collections.Concurrent;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>An activity that does not listen to its token is left behind: its saga goes on, it has no effect, and nobody gets its context before it has ended.</summary>
public sealed class LeftBehindTests
{
    private readonly DeafRuns runs = new();

    [Theory, EachDatabase]
    public async Task Its_saga_goes_on_and_its_pooled_context_is_nobody_elses_until_it_has_ended(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync(database);

        var id = await shop.StartSagaAsync<DeafSaga, Deaf>(new Deaf());
        var ended = await shop.UntilAsync(id, SagaStatus.Compensated);
        var context = runs.Contexts.Single();
        for (var i = 0; i < 5; i++)
        {
            (await shop.QueryAsync(db => Task.FromResult(ReferenceEquals(db, context)))).Should().BeFalse("the activity still has it");
        }

        runs.GoOn.SetResult();
        await runs.Ended.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await Verdict.EventuallyAsync(() => Task.FromResult(shop.Log.Lines.Any(line => line.Id == 45)), "it is heard to have ended");

        ended.Reason.Should().Be("deaf: it did not end within 00:00:01");
        runs.Refusals.Should().Equal("read", "publish", "save", "begin");
        shop.Log.Lines.Should().ContainSingle(line => line.Id == 43).Which.Level.Should().Be(LogLevel.Warning);
        shop.Log.Lines.Should().NotContain(line => line.Id == 28);
        (await shop.EffectsAsync()).Should().BeEmpty("it was rolled back");
        (await shop.DeadLettersAsync()).Should().BeEmpty();
        await Verdict.EventuallyAsync(() => shop.QueryAsync(async db => ReferenceEquals(db, context) && await db.Effects.CountAsync() == 0), "the pool has it back, and it works");
    }

    [Theory, EachDatabase]
    public async Task What_is_in_the_middle_of_a_query_keeps_its_connection_and_nothing_of_it_is_saved(DatabaseKind kind)
    {
        runs.Reads = true;
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await StartAsync(database);

        var id = await shop.StartSagaAsync<DeafSaga, Deaf>(new Deaf());
        await Verdict.EventuallyAsync(() => Task.FromResult(shop.Log.Lines.Any(line => line.Id == 43)), "it is left behind", TimeSpan.FromSeconds(30));
        runs.GoOn.SetResult();
        await runs.Ended.Task.WaitAsync(TimeSpan.FromSeconds(30));

        await shop.UntilAsync(id, SagaStatus.Compensated);
        (await shop.EffectsAsync()).Should().BeEmpty();
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task When_as_many_as_may_be_are_left_behind_the_message_of_a_further_one_waits_for_its_end()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await StartAsync(database, most: 0);

        var id = await shop.StartSagaAsync<DeafSaga, Deaf>(new Deaf());
        await Verdict.EventuallyAsync(() => Task.FromResult(shop.Log.Lines.Any(line => line.Id == 44)), "it is told that it waits");
        (await shop.SagasAsync(sagas => sagas.FindAsync(id))).Should().BeNull("its message is not done with");
        runs.GoOn.SetResult();

        await shop.UntilAsync(id, SagaStatus.Compensated);
        shop.Log.Lines.Should().NotContain(line => line.Id == 43);
        (await shop.EffectsAsync()).Should().BeEmpty("its time was over");
    }

    private Task<ShopHost> StartAsync(TestDatabase database, int most = 1) => ShopHost.StartAsync(
        database,
        m =>
        {
            Rentals.Messages(m.Sagas(s => s.MaxLeftBehind = most)).Endpoint("deaf", e => e.Saga<DeafSaga>());
            m.Services.AddSingleton(runs).AddSingleton(new ConcurrentDictionary<string, Messages.ReplyAddress>());
        },
        services => services.AddDbContextPool<ShopDb>(database.Configure, poolSize: 32));
}

/// <summary>What a deaf activity is to do, and what has become of it.</summary>
internal sealed class DeafRuns
{
    public TaskCompletionSource GoOn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentQueue<ShopDb> Contexts { get; } = new();

    public ConcurrentQueue<string> Refusals { get; } = new();

    /// <summary>Whether it waits in the middle of a query.</summary>
    public bool Reads { get; set; }

    public async Task TryAsync(string what, Func<Task> attempt)
    {
        try
        {
            await attempt();
        }
        catch (MessagingException refused) when (refused.Message.StartsWith("This unit of work was given up", StringComparison.Ordinal))
        {
            Refusals.Enqueue(what);
        }
    }
}

internal sealed class Deaf;

internal sealed class DeafSaga : Saga<Deaf>
{
    protected override void Define(ISagaBuilder<Deaf> saga) => saga.Named("shop.deaf").Step("deaf", s => s.Run<DeafActivity>().Timeout(TimeSpan.FromSeconds(1)));
}

internal sealed class DeafActivity(ShopDb db, DeafRuns runs) : ISagaActivity<Deaf>
{
    public async Task<ActivityResult> ExecuteAsync(Deaf state, ActivityContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(context);
        }
        finally
        {
            runs.Ended.SetResult();
        }
    }

    private async Task<ActivityResult> RunAsync(ActivityContext context)
    {
        runs.Contexts.Enqueue(db);
        Add("before", context);
        await db.SaveChangesAsync(CancellationToken.None);
        if (runs.Reads)
        {
            await foreach (var _ in db.Effects.AsAsyncEnumerable())
            {
                await runs.GoOn.Task;
            }
        }
        else
        {
            await runs.GoOn.Task;
        }

        Add("after", context);
        await runs.TryAsync("read", () => db.Effects.CountAsync(CancellationToken.None));
        await runs.TryAsync("publish", () =>
        {
            context.Publish(new CarTaken("van"));
            return Task.CompletedTask;
        });
        await runs.TryAsync("save", () => db.SaveChangesAsync(CancellationToken.None));
        await runs.TryAsync("begin", () => db.Database.BeginTransactionAsync(CancellationToken.None));
        return ActivityResult.Done;
    }

    private void Add(string what, ActivityContext context) => db.Effects.Add(new Effect { Handler = what, MessageId = context.Message.MessageId });
}
