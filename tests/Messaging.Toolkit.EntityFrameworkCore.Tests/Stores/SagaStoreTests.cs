using System.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;

/// <summary>
/// Instances in transactions: with the statements made for a database and with those for any, the latter on PostgreSQL, which
/// takes standard SQL as it is.
/// </summary>
public sealed class SagaStoreTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static TheoryData<StoreTests.Statements> All => new(Enum.GetValues<StoreTests.Statements>());

    [Theory, MemberData(nameof(All))]
    public async Task What_was_written_is_read_whole_and_replaced_whole(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var first = StoredSagas.New(now) with { Correlation = "käy 🛒 '\\", State = """{"name":"Zoë 🛒 'x' \\ \u0000"}""", Reason = null, DueAt = null };
        var second = first with
        {
            Revision = 2, Version = 3, Shape = new string('f', 64), Status = SagaStatus.Compensating, Position = "charge,reserve",
            State = $"\"{new string('ö', 100_000)}\"", Progress = "{\"x\":[]}", Reason = "the card was refused", DueAt = now + Minute, ChangedAt = now + Minute,
        };

        await StoredSagas.InTransactionAsync(shop, async (store, scope) =>
        {
            (await store.ReadAsync(scope, first.Id, default)).Record.Should().BeNull();
            await store.WriteAsync(scope, first, [StoredSagas.Entry(1, SagaEvent.Started, now)], default);
            (await store.ReadAsync(scope, first.Id, default)).Record.Should().Be(first);
        });
        await StoredSagas.InTransactionAsync(shop, async (store, scope) =>
        {
            var reading = await store.ReadAsync(scope, first.Id, default);
            reading.Record.Should().Be(first);
            reading.Now.Kind.Should().Be(DateTimeKind.Utc);
            reading.Now.Should().BeCloseTo(DateTime.UtcNow, Minute);
            await store.WriteAsync(scope, second, [], default);
        });

        (await StoredSagas.ReadAsync(shop, first.Id)).Should().Be(second);
        (await StoredSagas.ReadAsync(shop, Guid.CreateVersion7())).Should().BeNull();
    }

    [Theory, MemberData(nameof(All))]
    public async Task History_is_kept_in_its_order(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var saga = StoredSagas.New(now);
        var message = Guid.CreateVersion7();
        SagaHistoryEntry[] started =
        [
            StoredSagas.Entry(1, SagaEvent.Started, now),
            StoredSagas.Entry(2, SagaEvent.StepFailed, now) with { Step = "charge", MessageId = message, Detail = "refused: ö 🛒" },
        ];

        // More than fit into one statement.
        SagaHistoryEntry[] others = [.. Enumerable.Range(3, 250).Select(sequence => StoredSagas.Entry(sequence, SagaEvent.StepStarted, now) with { Step = $"step {sequence}" })];

        await StoredSagas.WriteAsync(shop, saga, started);
        await StoredSagas.WriteAsync(shop, StoredSagas.New(now), StoredSagas.Entry(1, SagaEvent.Completed, now));
        await StoredSagas.WriteAsync(shop, saga with { Revision = 2 }, others);

        (await StoredSagas.Catalogue(shop).ReadHistoryAsync(saga.Id, 0, 1000, default)).Should().Equal([.. started, .. others]);
        (await StoredSagas.Catalogue(shop).ReadHistoryAsync(message, 0, 1000, default)).Should().BeEmpty();
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_reason_that_is_too_long_is_cut_and_one_that_no_database_takes_is_mended(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var saga = StoredSagas.New(now) with { Reason = new string('x', 499) + "🛒 and more" };

        await StoredSagas.WriteAsync(shop, saga, StoredSagas.Entry(1, SagaEvent.Stuck, now) with { Detail = "a\0b" + new string('x', 1000) });

        (await StoredSagas.ReadAsync(shop, saga.Id))!.Reason.Should().Be(new string('x', 499) + '\uFFFD');
        (await StoredSagas.Catalogue(shop).ReadHistoryAsync(saga.Id, 0, 1000, default)).Single().Detail.Should().HaveLength(500).And.StartWith("a\uFFFDbx");
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_second_instance_of_an_id_is_a_conflict_and_leaves_nothing(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var saga = StoredSagas.New(now);
        await StoredSagas.WriteAsync(shop, saga, StoredSagas.Entry(1, SagaEvent.Started, now));

        var act = () => StoredSagas.WriteAsync(shop, saga with { State = "2" }, StoredSagas.Entry(1, SagaEvent.Started, now), StoredSagas.Entry(2, SagaEvent.Completed, now));

        await act.Should().ThrowAsync<SagaConflictException>().WithMessage($"*{saga.Id:N}*");
        (await StoredSagas.ReadAsync(shop, saga.Id)).Should().Be(saga);
        (await StoredSagas.Catalogue(shop).ReadHistoryAsync(saga.Id, 0, 1000, default)).Should().ContainSingle();
    }

    [Theory, MemberData(nameof(All))]
    public async Task Another_revision_than_the_next_is_a_conflict_and_leaves_nothing(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var saga = StoredSagas.New(now);
        await StoredSagas.WriteAsync(shop, saga, StoredSagas.Entry(1, SagaEvent.Started, now));
        await StoredSagas.WriteAsync(shop, saga with { Revision = 2 }, StoredSagas.Entry(2, SagaEvent.Completed, now));

        foreach (var revision in new[] { 2, 4 })
        {
            var act = () => StoredSagas.WriteAsync(shop, saga with { Revision = revision, State = "stale" }, StoredSagas.Entry(2, SagaEvent.Completed, now), StoredSagas.Entry(3, SagaEvent.Completed, now));
            await act.Should().ThrowAsync<SagaConflictException>();
        }

        var unknown = () => StoredSagas.WriteAsync(shop, StoredSagas.New(now) with { Revision = 2 });
        await unknown.Should().ThrowAsync<SagaConflictException>();
        (await StoredSagas.ReadAsync(shop, saga.Id)).Should().Be(saga with { Revision = 2 });
        (await StoredSagas.Catalogue(shop).ReadHistoryAsync(saga.Id, 0, 1000, default)).Should().HaveCount(2);
    }

    [Theory, MemberData(nameof(All))]
    public async Task What_is_rolled_back_was_never_there(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var (kept, lost) = (StoredSagas.New(now), StoredSagas.New(now));
        await StoredSagas.WriteAsync(shop, kept, StoredSagas.Entry(1, SagaEvent.Started, now));

        var act = () => StoredSagas.InTransactionAsync(shop, async (store, scope) =>
        {
            await store.WriteAsync(scope, lost, [StoredSagas.Entry(1, SagaEvent.Started, now)], default);
            await store.WriteAsync(scope, kept with { Revision = 2, State = "2" }, [StoredSagas.Entry(2, SagaEvent.Completed, now)], default);
            throw new NotSupportedException();
        });

        await act.Should().ThrowAsync<NotSupportedException>();
        (await StoredSagas.ReadAsync(shop, lost.Id)).Should().BeNull();
        (await StoredSagas.ReadAsync(shop, kept.Id)).Should().Be(kept);
        (await StoredSagas.Catalogue(shop).ReadHistoryAsync(lost.Id, 0, 1000, default)).Should().BeEmpty();
        (await StoredSagas.Catalogue(shop).ReadHistoryAsync(kept.Id, 0, 1000, default)).Should().ContainSingle();
    }

    [Fact]
    public async Task Without_a_transaction_it_refuses()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database);
        await using var scope = shop.Services.CreateAsyncScope();

        var act = () => StoredSagas.Store(shop).ReadAsync(scope.ServiceProvider, Guid.Empty, default);

        await act.Should().ThrowAsync<InvalidOperationException>().WithMessage("ShopDb has no transaction*");
    }

    /// <summary>As two processes: each has its own queue of those who write.</summary>
    [Theory, EachDatabase]
    public async Task Of_two_that_create_an_instance_at_once_one_wins_and_the_other_has_a_conflict(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var one = await ShopHost.CreateAsync(database);
        await using var two = await ShopHost.CreateAsync(database);
        var now = await StoredSagas.NowAsync(one);

        for (var round = 0; round < 10; round++)
        {
            var saga = StoredSagas.New(now);
            var results = await Task.WhenAll(CreateAsync(one, saga with { State = "1" }), CreateAsync(two, saga with { State = "2" }));

            results.Should().ContainSingle(won => won);
            (await StoredSagas.ReadAsync(one, saga.Id))!.State.Should().Be(results[0] ? "1" : "2");
            (await StoredSagas.Catalogue(one).ReadHistoryAsync(saga.Id, 0, 1000, default)).Should().ContainSingle();
        }

        async Task<bool> CreateAsync(ShopHost shop, SagaRecord saga)
        {
            try
            {
                await Task.Run(() => StoredSagas.WriteAsync(shop, saga, StoredSagas.Entry(1, SagaEvent.Started, now)));
                return true;
            }
            catch (SagaConflictException)
            {
                return false;
            }
        }
    }

    [Theory, EachDatabase]
    public async Task Whoever_reads_an_instance_that_is_being_changed_waits_and_sees_the_change(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        var now = await StoredSagas.NowAsync(shop);
        var saga = StoredSagas.New(now);
        await StoredSagas.WriteAsync(shop, saga);

        Task<SagaRecord?>? second = null;
        await StoredSagas.InTransactionAsync(shop, async (store, scope) =>
        {
            var reading = await store.ReadAsync(scope, saga.Id, default);
            second = Task.Run(() => StoredSagas.ReadAsync(shop, saga.Id));
            if (kind == DatabaseKind.PostgreSql)
            {
                await Verdict.EventuallyAsync(
                    async () => await shop.QueryAsync(db => db.Database.SqlQuery<long>(
                        $"""SELECT count(*) AS "Value" FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'""").SingleAsync()) > 0,
                    "somebody waits for a lock");
            }

            second.IsCompleted.Should().BeFalse("the row is locked, or the database is");
            await store.WriteAsync(scope, saga with { Revision = 2, ChangedAt = reading.Now }, [], default);
        });

        (await second!)!.Revision.Should().Be(2);
    }

    [Fact]
    public async Task Whoever_waits_for_an_instance_does_not_wait_for_ever() // Only PostgreSQL waits for a row.
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        var now = await StoredSagas.NowAsync(shop);
        var (saga, created) = (StoredSagas.New(now), StoredSagas.New(now));
        await StoredSagas.WriteAsync(shop, saga);

        await StoredSagas.InTransactionAsync(shop, async (store, scope) =>
        {
            await store.ReadAsync(scope, saga.Id, default);
            await store.WriteAsync(scope, created, [], default);

            await ShouldGiveUpAsync(() => StoredSagas.ReadAsync(shop, saga.Id));
            await ShouldGiveUpAsync(() => StoredSagas.WriteAsync(shop, created));
            await ShouldGiveUpAsync(() => StoredSagas.MarkStuckAsync(shop, saga.Id, "why"));
        });

        async Task ShouldGiveUpAsync(Func<Task> wait)
        {
            var watch = Stopwatch.StartNew();
            var failure = (await wait.Should().ThrowAsync<Exception>()).Which;
            watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(20));
            shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().Inbox.IsTransient(failure).Should().BeTrue();
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task An_unfinished_instance_is_marked_once(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var message = Guid.CreateVersion7();
        var running = StoredSagas.New(now) with { State = "not even JSON", HistoryLength = 2, DueAt = now };
        var compensating = StoredSagas.New(now) with { Status = SagaStatus.Compensating, DueAt = now };
        var completed = StoredSagas.New(now) with { Status = SagaStatus.Completed };
        await StoredSagas.WriteAsync(shop, running, StoredSagas.Entry(1, SagaEvent.Started, now), StoredSagas.Entry(2, SagaEvent.StepStarted, now));
        await StoredSagas.WriteAsync(shop, compensating);
        await StoredSagas.WriteAsync(shop, completed);

        (await StoredSagas.MarkStuckAsync(shop, running.Id, new string('w', 600), message)).Should().BeTrue();
        (await StoredSagas.MarkStuckAsync(shop, running.Id, "again")).Should().BeFalse();
        (await StoredSagas.MarkStuckAsync(shop, compensating.Id, "why", stopsTimeouts: true)).Should().BeTrue();
        (await StoredSagas.MarkStuckAsync(shop, completed.Id, "why")).Should().BeFalse();
        (await StoredSagas.MarkStuckAsync(shop, Guid.Empty, "why")).Should().BeFalse();

        var marked = (await StoredSagas.ReadAsync(shop, running.Id))!;
        marked.Should().Be(running with { Status = SagaStatus.Stuck, Revision = 2, HistoryLength = 3, Reason = new string('w', 500), Failure = SagaFailureKind.Broken, ChangedAt = marked.ChangedAt });
        marked.ChangedAt.Should().BeOnOrAfter(now.AddSeconds(-1)).And.BeCloseTo(now, Minute);
        (await StoredSagas.ReadAsync(shop, compensating.Id))!.DueAt.Should().BeNull();
        var history = await StoredSagas.Catalogue(shop).ReadHistoryAsync(running.Id, 0, 1000, default);
        history.Should().HaveCount(3);
        history[2].Should().Be(new SagaHistoryEntry { Sequence = 3, At = history[2].At, Event = SagaEvent.Stuck, MessageId = message, Detail = new string('w', 500), Failure = SagaFailureKind.Broken });
        (await StoredSagas.Catalogue(shop).ReadHistoryAsync(compensating.Id, 0, 1000, default)).Should().ContainSingle().Which.Sequence.Should().Be(1);
        (await StoredSagas.Catalogue(shop).ReadHistoryAsync(completed.Id, 0, 1000, default)).Should().BeEmpty();
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_timeout_that_has_fallen_due_is_sent_in_its_order_and_looked_at_again_later(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var (second, first, third) = (Due(-2), Due(-3) with { Status = SagaStatus.Compensated }, Due(-1));
        var (later, never, foreign) = (Due(60), StoredSagas.New(now), Due(-5) with { Definition = "foreign" });
        third = third with { Endpoint = "where it was once" };
        foreach (var saga in new[] { second, first, third, later, never, foreign })
        {
            await StoredSagas.WriteAsync(shop, saga);
        }

        var store = StoredSagas.Store(shop);
        var committed = 0;
        shop.Services.GetRequiredService<EfMessageStore<ShopDb>>().MessagesCommitted += () => committed++;
        var asked = new List<DueSaga>();

        (await SendAsync([], 10)).Should().Be(0);
        (await SendAsync(["shop.billing"], 10)).Should().Be(0);
        committed.Should().Be(0);
        (await SendAsync(["shop.order", "shop.billing"], 2)).Should().Be(2);
        committed.Should().Be(1);
        asked.Should().Equal(new DueSaga(first.Id, first.Definition, first.DueAt!.Value), new DueSaga(second.Id, second.Definition, second.DueAt!.Value));
        (await SendAsync(["shop.order", "shop.billing"], 2)).Should().Be(1);
        (await SendAsync(["shop.order", "shop.billing"], 2)).Should().Be(0);
        asked.Select(saga => saga.Id).Should().Equal(first.Id, second.Id, third.Id);

        (await shop.OutboxAsync()).Select(row => (row.Destination, row.Key)).Should().Equal(Enumerable.Repeat<(string, string?)>(("shop", "k"), 6));
        var moved = (await StoredSagas.ReadAsync(shop, first.Id))!;
        moved.Should().Be(first with { DueAt = moved.DueAt });
        moved.DueAt.Should().BeCloseTo(now + Minute, TimeSpan.FromSeconds(30));
        (await StoredSagas.ReadAsync(shop, later.Id)).Should().Be(later);
        (await StoredSagas.ReadAsync(shop, foreign.Id)).Should().Be(foreign);

        SagaRecord Due(int minutes) => StoredSagas.New(now) with { DueAt = now.AddMinutes(minutes) };

        Task<int> SendAsync(string[] definitions, int count) => store.SendDueAsync(definitions, count, Minute, saga =>
        {
            asked.Add(saga);
            return [StoredSagas.Message(), StoredSagas.Message()];
        }, default);
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_timeout_whose_message_is_not_written_is_still_due(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var saga = StoredSagas.New(now) with { DueAt = now };
        await StoredSagas.WriteAsync(shop, saga);

        var unmade = () => StoredSagas.Store(shop).SendDueAsync(["shop.order"], 10, Minute, _ => throw new NotSupportedException(), default);
        await unmade.Should().ThrowAsync<NotSupportedException>();
        var unwritten = () => StoredSagas.Store(shop).SendDueAsync(["shop.order"], 10, Minute, _ => [StoredSagas.Message(), StoredSagas.Message() with { Destination = null! }], default);
        await unwritten.Should().ThrowAsync<Exception>();

        (await StoredSagas.ReadAsync(shop, saga.Id)).Should().Be(saga);
        (await shop.OutboxAsync()).Should().BeEmpty();
        (await StoredSagas.Store(shop).SendDueAsync(["shop.order"], 10, Minute, _ => [], default)).Should().Be(1);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Several_processes_at_once_send_each_timeout_once(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var one = await StoreTests.CreateAsync(database, statements);
        await using var two = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(one);
        await StoredSagas.InTransactionAsync(one, async (store, scope) =>
        {
            for (var i = 0; i < 60; i++)
            {
                await store.WriteAsync(scope, StoredSagas.New(now) with { DueAt = now.AddSeconds(-i) }, [], default);
            }
        });

        var sent = await Task.WhenAll(new[] { one, two, one, two }.Select(shop => Task.Run(() => SendAllAsync(shop))));

        sent.Sum().Should().Be(60);
        (await one.OutboxAsync()).Should().HaveCount(60);
        (await one.OutboxAsync()).Select(row => row.Destination).Should().OnlyHaveUniqueItems();

        static async Task<int> SendAllAsync(ShopHost shop)
        {
            var all = 0;
            for (var round = 0; round < 20; round++)
            {
                all += await StoredSagas.Store(shop).SendDueAsync(["shop.order"], 7, Minute, saga => [StoredSagas.Message() with { Destination = saga.Id.ToString("N") }], default);
            }

            return all;
        }
    }

    [Fact]
    public async Task The_timeout_of_an_instance_that_is_being_changed_is_left_for_later() // Others than PostgreSQL wait.
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);
        var now = await StoredSagas.NowAsync(shop);
        var (busy, idle) = (StoredSagas.New(now) with { DueAt = now.AddMinutes(-1) }, StoredSagas.New(now) with { DueAt = now });
        await StoredSagas.WriteAsync(shop, busy);
        await StoredSagas.WriteAsync(shop, idle);

        await StoredSagas.InTransactionAsync(shop, async (store, scope) =>
        {
            await store.ReadAsync(scope, busy.Id, default);
            var sent = new List<Guid>();
            await store.SendDueAsync(["shop.order"], 10, Minute, saga => Sent(sent, saga), default);
            sent.Should().Equal(idle.Id);
            await store.WriteAsync(scope, busy with { Revision = 2, DueAt = null }, [], default);
        });

        (await StoredSagas.Store(shop).SendDueAsync(["shop.order"], 10, Minute, _ => [], default)).Should().Be(0);

        static IReadOnlyList<OutgoingMessage> Sent(List<Guid> sent, DueSaga saga)
        {
            sent.Add(saga.Id);
            return [];
        }
    }
}
