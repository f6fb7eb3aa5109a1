using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;

/// <summary>What an operator is shown of instances, and which of them are cleared away.</summary>
public sealed class SagaCatalogueTests
{
    public static TheoryData<StoreTests.Statements> All => new(Enum.GetValues<StoreTests.Statements>());

    [Theory, MemberData(nameof(All))]
    public async Task Instances_are_found_by_their_ids(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var (one, two, other) = (StoredSagas.New(now), StoredSagas.New(now), StoredSagas.New(now));
        await WriteAsync(shop, one, two, other);
        var catalogue = StoredSagas.Catalogue(shop);

        (await catalogue.FindAsync([two.Id, Guid.CreateVersion7(), one.Id, two.Id], default)).Should().BeEquivalentTo([one, two]);
        (await catalogue.FindAsync([], default)).Should().BeEmpty();
        (await catalogue.FindAsync([.. Enumerable.Range(1, 999).Select(_ => Guid.CreateVersion7()), one.Id], default)).Should().Equal(one);

        var tooMany = () => catalogue.FindAsync([.. Enumerable.Range(1, 1001).Select(_ => Guid.CreateVersion7())], default);
        await tooMany.Should().ThrowAsync<ArgumentOutOfRangeException>();
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_query_returns_what_it_asks_for_newest_first_page_by_page(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var sagas = Enumerable.Range(0, 7).Select(i => StoredSagas.New(now.AddMinutes(-i))).ToArray();
        sagas[1] = sagas[1] with { Definition = "shop.return" };
        sagas[2] = sagas[2] with { Status = SagaStatus.Stuck };
        sagas[3] = sagas[3] with { Correlation = "ö' OR 1=1 --" };
        sagas[4] = sagas[4] with { Definition = "shop.return", Status = SagaStatus.Stuck };
        await WriteAsync(shop, [.. sagas.Reverse()]);

        await ShouldBeAsync(new(), 0, 1, 2, 3, 4, 5, 6);
        await ShouldBeAsync(new() { Limit = 2 }, 0, 1);
        await ShouldBeAsync(new() { Limit = 3, CreatedBefore = sagas[1].CreatedAt }, 2, 3, 4);
        await ShouldBeAsync(new() { CreatedFrom = sagas[2].CreatedAt }, 0, 1, 2);
        await ShouldBeAsync(new() { CreatedFrom = sagas[4].CreatedAt.ToLocalTime(), CreatedBefore = DateTime.SpecifyKind(sagas[2].CreatedAt, DateTimeKind.Unspecified) }, 3, 4);
        await ShouldBeAsync(new() { Definition = "shop.return" }, 1, 4);
        await ShouldBeAsync(new() { Status = SagaStatus.Stuck }, 2, 4);
        await ShouldBeAsync(new() { Correlation = "ö' OR 1=1 --" }, 3);
        await ShouldBeAsync(new() { Definition = "shop.return", Status = SagaStatus.Stuck, Correlation = "c", CreatedFrom = sagas[6].CreatedAt, CreatedBefore = now, Limit = 1000 }, 4);
        await ShouldBeAsync(new() { Definition = "shop" });

        async Task ShouldBeAsync(SagaQuery query, params int[] expected)
            => (await StoredSagas.Catalogue(shop).QueryAsync(query, default)).Should().Equal(expected.Select(i => sagas[i]));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Pages_leave_out_and_repeat_none_of_those_that_were_created_at_the_same_moment(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        await WriteAsync(shop, [.. Enumerable.Range(0, 10).Select(i => StoredSagas.New(now.AddMinutes(-(i / 4))) with { Id = Guid.NewGuid() })]);

        var pages = await shop.SagasAsync(async sagas =>
        {
            var pages = new List<IReadOnlyList<SagaView>> { await sagas.QueryAsync(new SagaQuery { Limit = 3 }) };
            while (pages[^1].Count > 0)
            {
                pages.Add(await sagas.QueryAsync(new SagaQuery { Limit = 3, After = pages[^1][^1] }));
            }

            return pages;
        });

        pages.Select(page => page.Count).Should().Equal(3, 3, 3, 1, 0);
        pages.SelectMany(page => page).Should().OnlyHaveUniqueItems(view => view.Id).And.BeInDescendingOrder(view => view.CreatedAt);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Who_waits_reads_nothing_of_those_that_go_on(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var saga = StoredSagas.New(await StoredSagas.NowAsync(shop));
        var sagas = Enum.GetValues<SagaStatus>().Select(status => saga with { Id = Guid.NewGuid(), Status = status }).ToArray();
        await WriteAsync(shop, sagas);
        var catalogue = StoredSagas.Catalogue(shop);

        (await catalogue.FindEndedAsync([.. sagas.Select(each => each.Id), Guid.NewGuid()], default)).Select(each => each.Status)
            .Should().BeEquivalentTo([SagaStatus.Stuck, SagaStatus.Completed, SagaStatus.Compensated]);
        (await catalogue.FindEndedAsync([], default)).Should().BeEmpty();
    }

    [Theory, MemberData(nameof(All))]
    public async Task A_history_is_read_page_by_page(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var saga = StoredSagas.New(now);
        await StoredSagas.WriteAsync(shop, saga, [.. Enumerable.Range(1, 7).Select(sequence => StoredSagas.Entry(sequence, SagaEvent.EventHandled, now))]);

        await ShouldBeAsync(0, 3, 1, 2, 3);
        await ShouldBeAsync(3, 3, 4, 5, 6);
        await ShouldBeAsync(6, 3, 7);
        await ShouldBeAsync(7, 3);
        var unbounded = () => shop.SagasAsync(sagas => sagas.GetHistoryAsync(saga.Id, 0, 1001));
        await unbounded.Should().ThrowAsync<ArgumentOutOfRangeException>();

        async Task ShouldBeAsync(int after, int limit, params int[] expected)
            => (await shop.SagasAsync(sagas => sagas.GetHistoryAsync(saga.Id, after, limit))).Select(entry => entry.Sequence).Should().Equal(expected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1001)]
    public async Task A_query_without_a_bound_is_refused(int limit)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database);

        var act = () => StoredSagas.Catalogue(shop).QueryAsync(new SagaQuery { Limit = limit }, default);

        await act.Should().ThrowAsync<ArgumentOutOfRangeException>().WithMessage("*Limit of a SagaQuery*between 1 and 1000*");
    }

    [Theory, MemberData(nameof(All))]
    public async Task Standings_count_the_unfinished_ones(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var saga = StoredSagas.New(await StoredSagas.NowAsync(shop));
        SagaRecord[] sagas =
        [
            saga, saga, saga with { Status = SagaStatus.Stuck }, saga with { Status = SagaStatus.Compensating }, saga with { Position = "ship" },
            saga with { Version = 2, Shape = "def" }, saga with { Definition = "shop.return" }, saga with { Status = SagaStatus.Completed }, saga with { Status = SagaStatus.Compensated },
        ];
        await WriteAsync(shop, [.. sagas.Select(record => record with { Id = Guid.CreateVersion7() })]);

        (await StoredSagas.Catalogue(shop).ReadStandingsAsync(default)).Should().BeEquivalentTo(
        [
            new SagaStanding("shop.order", 1, "abc", SagaStatus.Running, "charge", 2),
            new SagaStanding("shop.order", 1, "abc", SagaStatus.Stuck, "charge", 1),
            new SagaStanding("shop.order", 1, "abc", SagaStatus.Compensating, "charge", 1),
            new SagaStanding("shop.order", 1, "abc", SagaStatus.Running, "ship", 1),
            new SagaStanding("shop.order", 2, "def", SagaStatus.Running, "charge", 1),
            new SagaStanding("shop.return", 1, "abc", SagaStatus.Running, "charge", 1),
        ]);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Only_what_finished_long_ago_is_purged_the_oldest_first_and_no_more_than_asked(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        var finished = Enumerable.Range(1, 10)
            .Select(hours => StoredSagas.New(now) with { Status = hours % 2 == 0 ? SagaStatus.Completed : SagaStatus.Compensated, ChangedAt = now.AddHours(-hours) }).ToArray();
        var old = StoredSagas.New(now) with { ChangedAt = now.AddDays(-100) };
        SagaRecord[] kept = [old, old with { Id = Guid.CreateVersion7(), Status = SagaStatus.Stuck }, old with { Id = Guid.CreateVersion7(), Status = SagaStatus.Compensated, DueAt = now.AddDays(1) }];
        await WriteAsync(shop, [.. finished, .. kept]);
        var catalogue = StoredSagas.Catalogue(shop);

        (await catalogue.PurgeAsync(TimeSpan.FromHours(4.5), 4, default)).Should().Be(4);
        await LeftShouldBeAsync(6);
        (await catalogue.PurgeAsync(TimeSpan.FromHours(4.5), 4, default)).Should().Be(2);
        await LeftShouldBeAsync(4);
        (await catalogue.PurgeAsync(TimeSpan.FromHours(4.5), 4, default)).Should().Be(0);
        await LeftShouldBeAsync(4);

        async Task LeftShouldBeAsync(int count)
        {
            var ids = finished.Take(count).Concat(kept).Select(saga => saga.Id).ToList();
            (await shop.QueryAsync(db => db.Set<SagaRow>().Select(row => row.Id).ToListAsync())).Should().BeEquivalentTo(ids);
            (await shop.QueryAsync(db => db.Set<SagaHistoryRow>().Select(row => row.SagaId).ToListAsync())).Should().BeEquivalentTo(ids.SelectMany(id => new[] { id, id }));
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task More_than_one_delete_takes_are_purged_in_several(StoreTests.Statements statements)
    {
        await using var database = await StoreTests.DatabaseOfAsync(statements);
        await using var shop = await StoreTests.CreateAsync(database, statements);
        var now = await StoredSagas.NowAsync(shop);
        await WriteAsync(shop, [.. Enumerable.Range(0, 1100).Select(_ => StoredSagas.New(now) with { Status = SagaStatus.Completed, ChangedAt = now.AddHours(-1) })]);

        (await StoredSagas.Catalogue(shop).PurgeAsync(TimeSpan.FromMinutes(1), 100_000, default)).Should().Be(1100);

        (await shop.QueryAsync(db => db.Set<SagaRow>().CountAsync())).Should().Be(0);
        (await shop.QueryAsync(db => db.Set<SagaHistoryRow>().CountAsync())).Should().Be(0);
    }

    /// <summary>The rows are ordinary ones of the application's model.</summary>
    [Theory, EachDatabase]
    public async Task The_application_can_query_the_tables_itself(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        var now = await StoredSagas.NowAsync(shop);
        var saga = StoredSagas.New(now) with { Status = SagaStatus.Stuck, DueAt = now };
        await WriteAsync(shop, saga);

        (await shop.QueryAsync(db => db.Set<SagaRow>().Where(row => row.Status == SagaStatus.Stuck && row.DueAt <= now).SingleAsync())).Should().BeEquivalentTo(saga);
        (await shop.QueryAsync(db => db.Set<SagaHistoryRow>().Where(row => row.Event == SagaEvent.Started).CountAsync())).Should().Be(1);
    }

    /// <summary>Instances with a history of two entries, in one transaction.</summary>
    private static Task WriteAsync(ShopHost shop, params SagaRecord[] sagas)
        => StoredSagas.InTransactionAsync(shop, async (store, scope) =>
        {
            foreach (var saga in sagas)
            {
                await store.WriteAsync(scope, saga, [StoredSagas.Entry(1, SagaEvent.Started, saga.CreatedAt), StoredSagas.Entry(2, SagaEvent.Completed, saga.ChangedAt)], default);
            }
        });
}
