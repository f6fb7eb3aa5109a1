using System.Collections.Concurrent;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Scheduling;

public sealed class RecurringTests
{
    [Theory, EachDatabase]
    public async Task Each_tick_fires_once_however_many_processes_run(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var made = new ConcurrentQueue<DateTimeOffset>();
        await using var one = await ShopHost.StartAsync(database, m => Configure(m, made));
        await using var other = await ShopHost.StartAsync(database, m => Configure(m, made));

        await Verdict.EventuallyAsync(async () => await one.QueryAsync(db => db.Effects.CountAsync()) >= 3, "three ticks");
        await one.StopAsync();
        await other.StopAsync();

        var ticks = (await other.EffectsAsync()).ConvertAll(effect => effect.Number);
        ticks.Should().OnlyHaveUniqueItems().And.BeInAscendingOrder();
        made.Should().OnlyContain(tick => tick.Ticks % TimeSpan.TicksPerSecond == 0 && tick.Offset == TimeSpan.Zero);
        (await other.QueryAsync(db => db.Set<ClaimRow>().CountAsync(claim => claim.Endpoint == "shop"))).Should().Be(ticks.Count);
    }

    [Theory, EachDatabase]
    public async Task After_a_downtime_the_last_missed_tick_fires_and_a_new_name_or_expression_has_missed_none(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        var yesterday = DateTime.UtcNow.AddDays(-1);
        await using (var before = await ShopHost.CreateAsync(database))
        {
            await before.InScopeAsync(async (db, _) =>
            {
                db.Add(new RecurringRow { Name = "missed", Expression = "0 * * * * UTC", LastTick = yesterday });
                db.Add(new RecurringRow { Name = "changed", Expression = "30 * * * * UTC", LastTick = yesterday });
                await db.SaveChangesAsync();
            });
        }

        var made = new ConcurrentQueue<string>();
        await using var shop = await ShopHost.StartAsync(database, m => ShopHost.Messages(m)
            .Endpoint("shop", e => e.Handle<OrderPlaced, Ticked>()).Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>())
            .Recurring("missed", "0 * * * *", tick => Make("missed", tick))
            .Recurring("changed", "0 * * * *", tick => Make("changed", tick))
            .Recurring("new", "0 0 1 1 *", tick => Make("new", tick)));
        await shop.DrainedAsync(1);
        await Verdict.EventuallyAsync(
            async () => await shop.QueryAsync(db => db.Set<RecurringRow>().CountAsync(row => row.LastTick > yesterday && row.Expression != "30 * * * * UTC")) == 3, "three that have begun");

        made.Should().ContainSingle().Which.Should().StartWith("missed");
        (await shop.EffectsAsync()).Should().ContainSingle("the others of a day are not made up for");

        OrderPlaced Make(string name, DateTimeOffset tick)
        {
            made.Enqueue($"{name} {tick:u}");
            return new OrderPlaced(name, tick.Hour);
        }
    }

    [Fact]
    public async Task A_message_that_cannot_be_made_keeps_nothing_else_from_firing_and_is_reported()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.StartAsync(database, m => Configure(m, []).Recurring<OrderPlaced>("broken", "* * * * * *", () => throw new InvalidOperationException("Secret.")));

        await Verdict.EventuallyAsync(async () => await shop.QueryAsync(db => db.Effects.CountAsync()) >= 2, "two ticks of the other one");

        shop.Log.Lines.Should().Contain(line => line.Id == 1 && line.Exception is MessagingException && line.Exception.Message.StartsWith("The recurring schedule 'broken'") && !line.Exception.Message.Contains("Secret"));
    }

    private static MessagingBuilder Configure(MessagingBuilder messaging, ConcurrentQueue<DateTimeOffset> made) => ShopHost.Messages(messaging)
        .Endpoint("shop", e => e.Handle<OrderPlaced, Ticked>())
        .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>())
        .Recurring("every-second", "* * * * * *", tick =>
        {
            made.Enqueue(tick);
            return new OrderPlaced("tick", (int)(tick.Ticks / TimeSpan.TicksPerSecond % 1_000_000));
        });

    private sealed class Ticked(ShopDb db) : IHandle<OrderPlaced>
    {
        public Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellationToken)
        {
            db.Effects.Add(new Effect { Handler = "ticked", MessageId = context.MessageId, Number = message.Number });
            return Task.CompletedTask;
        }
    }
}
