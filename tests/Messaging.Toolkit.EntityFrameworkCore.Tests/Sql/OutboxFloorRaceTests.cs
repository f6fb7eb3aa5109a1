using System.Collections.Concurrent;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sql;

/// <summary>Writers that commit, roll back and dawdle while the floor is raised as often as can be.</summary>
public sealed class OutboxFloorRaceTests
{
    private const int Writers = 6;
    private const int TransactionsOfEach = 150;

    [Fact]
    public async Task No_row_is_ever_below_the_floor()
    {
        await using var bench = await FloorBench.CreateAsync();
        var committed = new ConcurrentBag<long>();
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync(bench, new Random(writer), committed)));
        var read = new ConcurrentBag<long>();
        var floors = new ConcurrentBag<long>();
        using var patience = new CancellationTokenSource(ShopHost.Patience);

        await Task.WhenAll(RelayAsync(), RelayAsync());

        read.Distinct().Should().BeEquivalentTo(committed);
        floors.Distinct().Count().Should().BeGreaterThan(10, "it must have risen while they wrote");

        async Task RelayAsync()
        {
            await using var db = bench.NewContext();
            await db.Database.OpenConnectionAsync();
            for (var isOver = false; !isOver;)
            {
                isOver = writing.IsCompleted;
                bench.Clock.Advance(OutboxFloor.Interval);
                await bench.Floor.ReadAsync(db, start => ReadAsync(db, start), patience.Token);
            }

            await writing;
        }

        async Task<bool> ReadAsync(ShopDb db, OutboxStart? start)
        {
            floors.Add(start?.Id ?? 0);
            var below = await db.Database.SqlQuery<long>($"SELECT id AS \"Value\" FROM messaging_outbox WHERE id < {start?.Id ?? 0}").ToListAsync(patience.Token);
            below.Should().BeEmpty("reading begins at {0}", start?.Id);
            foreach (var id in await db.Database.SqlQuery<long>($"DELETE FROM messaging_outbox WHERE id >= {start?.Id ?? 0} RETURNING id AS \"Value\"").ToListAsync(patience.Token))
            {
                read.Add(id);
            }

            return true;
        }
    }

    private static async Task WriteAsync(FloorBench bench, Random random, ConcurrentBag<long> committed)
    {
        await using var connection = await bench.OpenAsync();
        for (var transaction = 0; transaction < TransactionsOfEach; transaction++)
        {
            await FloorBench.ExecuteAsync(connection, "BEGIN");
            var ids = new List<long>();
            for (var rows = random.Next(1, 4); rows > 0; rows--)
            {
                ids.Add(await bench.InsertAsync(connection));
                await FloorBench.ExecuteAsync(connection, $"SELECT pg_sleep({random.Next(10) / 1000.0:0.000})");
            }

            var isKept = random.Next(5) > 0;
            await FloorBench.ExecuteAsync(connection, isKept ? "COMMIT" : "ROLLBACK");
            ids.ForEach(id => (isKept ? committed : []).Add(id));
        }
    }
}
