using System.Collections.Concurrent;
using System.Diagnostics;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>Handlers that fail, block or hide what went wrong: each message on its own, none lost, nobody else's concern.</summary>
public sealed class FailingHandlerTests(ITestOutputHelper output)
{
    [Theory, EachDatabase]
    public async Task Poison_among_good_messages_goes_to_the_dead_letters_and_the_good_ones_take_effect_once(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Script.Of(call =>
            call.Number % 10 == 0 ? throw new InvalidOperationException("Poison.") : Task.CompletedTask));
        await PublishAsync(shop, Enumerable.Range(1, 300).Select(number => new OrderPlaced($"order-{number % 7}", number)));

        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).Count == 0, "an empty outbox");
        await shop.StopAsync();

        (await shop.DeadLettersAsync()).Should().HaveCount(30).And.OnlyContain(letter => letter.Attempts == 4 && letter.Failure!.Contains("Poison."));
        var effects = await shop.EffectsAsync();
        effects.Select(effect => effect.Number).Should().BeEquivalentTo(Enumerable.Range(1, 300).Where(number => number % 10 != 0));
        foreach (var ofKey in effects.GroupBy(effect => effect.Key))
        {
            ofKey.Select(effect => effect.Number).Should().BeInAscendingOrder();
        }
    }

    /// <summary>Runs with and without poison take turns, so that whatever else the machine does meets both alike.</summary>
    [Fact]
    public async Task Poison_every_tenth_message_leaves_the_good_ones_a_good_part_of_their_speed()
    {
        const int Rounds = 4;
        var (clean, poisoned) = (TimeSpan.Zero, TimeSpan.Zero);
        await TimeOfGoodOnesAsync(isPoison: true); // What the first run of a process costs is nobody's.
        for (var round = 0; round < Rounds; round++)
        {
            clean += await TimeOfGoodOnesAsync(isPoison: false);
            poisoned += await TimeOfGoodOnesAsync(isPoison: true);
        }

        var ratio = clean / poisoned;
        output.WriteLine($"{ratio:0.00} of the speed: {clean.TotalSeconds / Rounds:0.00} s without poison, {poisoned.TotalSeconds / Rounds:0.00} s with.");
        ratio.Should().BeGreaterThan(0.1, "each poisonous message is tried four times, alone, and written to the dead letters");

        static async Task<TimeSpan> TimeOfGoodOnesAsync(bool isPoison)
        {
            const int Messages = 2000;
            await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
            await using var shop = await ShopHost.CreateAsync(database, Script.Of(call =>
                isPoison && call.Number % 10 == 0 ? throw new InvalidOperationException("Poison.") : Task.CompletedTask));
            await PublishAsync(shop, Enumerable.Range(1, Messages).Select(number => new OrderPlaced($"order-{number % 97}", number)));
            var watch = Stopwatch.StartNew();
            await shop.StartAsync();
            await Verdict.EventuallyAsync(
                async () => await shop.QueryAsync(db => db.Effects.CountAsync(effect => effect.Number % 10 != 0)) == Messages / 10 * 9, "the effects of the good ones");
            return watch.Elapsed;
        }
    }

    [Theory, EachDatabase]
    public async Task A_handler_that_hides_a_failed_statement_is_not_done_unless_its_effects_are(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Script.Of(async call =>
        {
            call.Db.Effects.Add(new Effect { Handler = "before", MessageId = call.Context.MessageId });
            await call.Db.SaveChangesAsync();
            if (call.Number == 2)
            {
                await call.Db.Database.ExecuteSqlRawAsync("INSERT INTO no_such_table VALUES (1)").ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }));
        await PublishAsync(shop, Enumerable.Range(1, 3).Select(number => new OrderPlaced("order", number)));
        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).Count == 0, "an empty outbox");
        await shop.StopAsync();

        // PostgreSQL has forgotten everything when a statement has failed; SQLite only that statement.
        var handled = kind == DatabaseKind.PostgreSql ? new[] { 1, 3 } : [1, 2, 3];
        (await shop.EffectsAsync()).Where(effect => effect.Handler == "shop").Select(effect => effect.Number).Should().Equal(handled);
        (await shop.EffectsAsync()).Count(effect => effect.Handler == "before").Should().Be(handled.Length);
        (await shop.DeadLettersAsync()).Should().HaveCount(3 - handled.Length);
    }

    [Theory, EachDatabase]
    public async Task A_handler_that_hides_a_failed_statement_and_has_no_effect_of_its_own_is_not_done_either(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m => ShopHost.Messages(m)
            .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>())
            .Endpoint("shop", e => e.Handle<OrderPlaced, HidesAFailure>()));
        await PublishAsync(shop, [new OrderPlaced("order", 1)]);
        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).Count == 0, "an empty outbox");
        await shop.StopAsync();

        (await shop.DeadLettersAsync()).Should().HaveCount(kind == DatabaseKind.PostgreSql ? 1 : 0);
    }

    [Theory, EachDatabase]
    public async Task A_handler_may_catch_its_own_failed_save_and_go_on_without_it(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var taken = Guid.CreateVersion7();
        await using var shop = await ShopHost.StartAsync(database, Script.Of(async call =>
        {
            // The usual way to insert what somebody else may insert, too.
            call.Db.Add(new Effect { Handler = "half", MessageId = call.Context.MessageId });
            call.Db.Add(new Order { Id = taken });
            try
            {
                await call.Db.SaveChangesAsync();
            }
            catch (DbUpdateException)
            {
                call.Db.ChangeTracker.Clear();
            }
        }));
        await shop.InScopeAsync(async (db, _) =>
        {
            db.Orders.Add(new Order { Id = taken });
            await db.SaveChangesAsync();
        });
        await PublishAsync(shop, [new OrderPlaced("order", 1)]);
        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).Count == 0, "an empty outbox");
        await shop.StopAsync();

        (await shop.DeadLettersAsync()).Should().BeEmpty();
        (await shop.EffectsAsync()).Select(effect => effect.Handler).Should().Equal(["shop"], "a failed save has no effect, not even half of it");
    }

    [Theory, EachDatabase]
    public async Task A_cancellation_of_the_handlers_own_is_a_failure_and_not_a_stop(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Script.Of(call =>
            call.Number == 1 ? throw new OperationCanceledException("An HTTP call gave up.") : Task.CompletedTask));
        await PublishAsync(shop, [new OrderPlaced("order", 1), new OrderPlaced("order", 2)]);
        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).Count == 0, "an empty outbox");

        (await shop.DeadLettersAsync()).Should().ContainSingle().Which.Attempts.Should().Be(4);
        (await shop.EffectsAsync()).Should().ContainSingle().Which.Number.Should().Be(2);
    }

    /// <summary>Exceptions that cannot be printed, stored or told from each other: each goes up the ladder all the same, and is nobody else's concern.</summary>
    [Theory, EachDatabase]
    public async Task Whatever_a_handler_throws_its_message_goes_up_the_ladder_and_others_go_on(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var strange = new Dictionary<string, Action>
        {
            ["has no message"] = () => throw new SpeechlessException(),
            ["has an unstorable message"] = () => throw new InvalidOperationException($"\0 \ud800 {new string('x', 1_000_000)}"),
            ["holds what cannot be serialized"] = () => throw new InvalidOperationException("Look inside.") { Data = { ["stream"] = Stream.Null, ["thread"] = Thread.CurrentThread } },
            ["is its own cause"] = () => throw new CircularException(),
            ["comes while another is thrown"] = () =>
            {
                try
                {
                    throw new FormatException("The first.");
                }
                finally
                {
                    ThrowAgain();
                }
            },
        };
        await using var shop = await ShopHost.StartAsync(database, Script.Of(
            call =>
            {
                strange.GetValueOrDefault(call.Key)?.Invoke();
                return Task.CompletedTask;
            },
            e => e.OnFailure(f => f.RetryImmediately(1).ThenAfter(TimeSpan.FromMilliseconds(50))),
            m => m.Services.AddSingleton<ILoggerProvider, PrintingLogger>()));
        await PublishAsync(shop, strange.Keys.Append("good").Select(key => new OrderPlaced(key, 1)));

        await Verdict.EventuallyAsync(async () => (await shop.DeadLettersAsync()).Count == strange.Count && (await shop.OutboxAsync()).Count == 0, "a dead letter of each");
        await shop.StopAsync();
        (await shop.DeadLettersAsync()).Should().OnlyContain(letter => letter.Attempts == 3 && letter.Failure != null);
        (await shop.DeadLettersAsync()).Select(letter => letter.Key).Should().BeEquivalentTo(strange.Keys);
        (await shop.EffectsAsync()).Should().ContainSingle().Which.Key.Should().Be("good");
    }

    /// <summary>What a handler uses may fail once more when it is given up: with the handler, and after its success.</summary>
    [Theory, EachDatabase]
    public async Task What_throws_when_it_is_disposed_of_costs_neither_the_failed_message_nor_the_handled_one(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m =>
        {
            m.Services.AddScoped<Ungrateful>();
            m.Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(message => message.OrderId)).Endpoint("shop", e => e.Handle<OrderPlaced, UsesTheUngrateful>());
        });
        await PublishAsync(shop, [new OrderPlaced("bad", 1), new OrderPlaced("good", 1), new OrderPlaced("good", 2)]);

        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).Count == 0, "an empty outbox");
        await shop.StopAsync();
        (await shop.EffectsAsync()).Select(effect => (effect.Key, effect.Number)).Should().Equal(("good", 1), ("good", 2));
        (await shop.DeadLettersAsync()).Should().ContainSingle().Which.Key.Should().Be("bad");
    }

    [Theory, EachDatabase]
    public async Task A_time_out_of_the_handlers_own_is_its_failure_and_not_the_stores(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Script.Of(call => call.Number switch
        {
            1 => throw new TimeoutException("A call of somebody else's service."),
            2 => throw new TaskCanceledException("What HttpClient throws.", new TimeoutException()),
            _ => Task.CompletedTask,
        }));
        await PublishAsync(shop, Enumerable.Range(1, 3).Select(number => new OrderPlaced($"order-{number}", number)));
        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).Count == 0, "an empty outbox", TimeSpan.FromSeconds(10));

        (await shop.DeadLettersAsync()).Should().HaveCount(2).And.OnlyContain(letter => letter.Attempts == 4);
        (await shop.EffectsAsync()).Should().ContainSingle().Which.Number.Should().Be(3);
    }

    [Theory, EachDatabase]
    public async Task Each_attempt_has_a_scope_and_a_context_of_its_own_and_nothing_of_the_failed_one(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var contexts = new ConcurrentQueue<ShopDb>();
        await using var shop = await ShopHost.StartAsync(database, Script.Of(call =>
        {
            contexts.Enqueue(call.Db);
            call.Db.Effects.Local.Should().BeEmpty();
            if (call.Context.Attempt == 1)
            {
                call.Db.Effects.Add(new Effect { Handler = "failed attempt", MessageId = call.Context.MessageId });
                call.Context.Publish(new OrderPlaced("ghost"));
                throw new InvalidOperationException("Fails once.");
            }

            return Task.CompletedTask;
        }));
        await PublishAsync(shop, [new OrderPlaced("order", 1)]);
        await shop.DrainedAsync(1);
        await shop.StopAsync();

        contexts.Should().HaveCount(2).And.OnlyHaveUniqueItems();
        await shop.ShouldHaveHandledInOrderAsync(new Dictionary<string, int> { ["order"] = 1 });
    }

    [Theory, EachDatabase]
    public async Task While_the_dead_letters_cannot_be_written_a_message_is_neither_lost_nor_acknowledged(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, Script.Of(call =>
            call.Key == "poison" ? throw new InvalidOperationException("Poison.") : Task.CompletedTask));
        await shop.QueryAsync(db => db.Database.ExecuteSqlRawAsync("ALTER TABLE messaging_dead_letter RENAME TO gone"));
        await PublishAsync(shop, [new OrderPlaced("poison", 1), new OrderPlaced("good", 1)]);

        await Verdict.EventuallyAsync(() => Task.FromResult(shop.Log.Lines.Count(line => line.Id == 23) >= 2), "two attempts to write the dead letter");
        (await shop.OutboxAsync()).Should().ContainSingle(row => row.Key == "poison");
        await shop.QueryAsync(db => db.Database.ExecuteSqlRawAsync("ALTER TABLE gone RENAME TO messaging_dead_letter"));

        await Verdict.EventuallyAsync(async () => (await shop.OutboxAsync()).Count == 0, "an empty outbox");
        (await shop.DeadLettersAsync()).Should().ContainSingle().Which.Key.Should().Be("poison");
        (await shop.EffectsAsync()).Should().ContainSingle().Which.Key.Should().Be("good");
        shop.Handled.Calls.Count(call => call.Key == "poison").Should().Be(4, "what waits for its dead letter is not handled again");
    }

    [Theory, EachDatabase]
    public async Task A_message_that_fails_in_a_shared_commit_neither_fails_nor_doubles_the_others(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var fails = new ConcurrentDictionary<int, int>();
        await using var shop = await ShopHost.CreateAsync(database, Script.Of(
            call => fails.AddOrUpdate(call.Number, 1, (_, times) => times + 1) == 1 && call.Number % 5 == 0
                ? throw new InvalidOperationException("Fails once.")
                : Task.CompletedTask,
            endpoint => endpoint.Concurrency(1)));
        await PublishAsync(shop, Enumerable.Range(1, 200).Select(number => new OrderPlaced("order", number)));
        await shop.StartAsync();
        await shop.DrainedAsync(200);
        await shop.StopAsync();

        shop.Log.Lines.Should().Contain(line => line.Id == 24, "the test is about shared commits");
        await shop.ShouldHaveHandledInOrderAsync(new Dictionary<string, int> { ["order"] = 200 });
    }

    [Fact]
    public async Task A_key_whose_handler_blocks_does_not_block_other_keys_even_with_more_of_its_messages_waiting_than_the_relay_takes_at_once()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql); // SQLite has one writer: a handler that blocks has it.
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var shop = await ShopHost.CreateAsync(database, Script.Of(call => call.Key == "slow" ? goOn.Task : Task.CompletedTask));
        await PublishAsync(shop, Enumerable.Range(1, 1500).Select(number => new OrderPlaced("slow", number)));
        await PublishAsync(shop, Enumerable.Range(1, 100).Select(number => new OrderPlaced($"quick-{number}", 1)));
        await shop.StartAsync();

        await Verdict.EventuallyAsync(async () => (await shop.EffectsAsync()).Count == 100, "all quick keys, beside the blocked one", TimeSpan.FromSeconds(15));
        goOn.SetResult();
        await shop.DrainedAsync(1600);
        await shop.StopAsync();

        var counts = Enumerable.Range(1, 100).ToDictionary(number => $"quick-{number}", _ => 1);
        counts["slow"] = 1500;
        await shop.ShouldHaveHandledInOrderAsync(counts);
    }

    [Fact]
    public async Task An_endpoint_whose_handlers_block_does_not_block_another_endpoint()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var shop = await ShopHost.CreateAsync(database, Script.Of(
            call => call.Endpoint == "slow" ? goOn.Task : Task.CompletedTask, endpoints: ["slow", "shop"]));
        await PublishAsync(shop, Enumerable.Range(1, 1500).Select(number => new OrderPlaced($"order-{number % 100}", number)));
        await shop.StartAsync();

        await Verdict.EventuallyAsync(async () => (await shop.EffectsAsync()).Count == 1500, "all of the quick endpoint's", TimeSpan.FromSeconds(30));
        goOn.SetResult();
        await shop.DrainedAsync(3000);
        shop.Handled.Calls.Should().HaveCount(3000, "without faults no handler runs twice");
    }

    private static async Task PublishAsync(ShopHost shop, IEnumerable<OrderPlaced> messages)
    {
        foreach (var chunk in messages.Chunk(50))
        {
            await shop.InScopeAsync(async (db, bus) =>
            {
                foreach (var message in chunk)
                {
                    bus.Publish(message);
                }

                await db.SaveChangesAsync();
            });
        }
    }

    private static void ThrowAgain() => throw new InvalidOperationException("The second.");

    private sealed class SpeechlessException : Exception
    {
        public override string Message => throw new InvalidOperationException("No message.");

        public override string? StackTrace => throw new InvalidOperationException("No stack.");
    }

    private sealed class CircularException : Exception
    {
        public override string ToString() => throw new InvalidOperationException("It has no end.", this);
    }

    /// <summary>Prints whatever it is given, as loggers do.</summary>
    private sealed class PrintingLogger : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => _ = $"{formatter(state, exception)} {exception}";

        public void Dispose() { }
    }

    private sealed class Ungrateful : IDisposable
    {
        public void Dispose() => throw new InvalidOperationException("Not like this.");
    }

    private sealed class UsesTheUngrateful(ShopDb db, Ungrateful ungrateful) : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            ungrateful.Should().NotBeNull();
            db.Effects.Add(new Effect { Handler = "shop", MessageId = context.MessageId, Key = context.Key, Number = message.Number });
            return message.OrderId == "bad" ? throw new FormatException("Bad.") : Task.CompletedTask;
        }
    }

    private sealed class HidesAFailure(ShopDb db) : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
            => db.Database.ExecuteSqlRawAsync("INSERT INTO no_such_table VALUES (1)", cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
    }
}
