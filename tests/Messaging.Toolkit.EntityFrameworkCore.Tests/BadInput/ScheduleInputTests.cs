using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Messages;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.BadInput;

/// <summary>Times and names that make no sense are refused at the call, and leave the unit of work as it was.</summary>
public sealed class ScheduleInputTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static TheoryData<Action<PublishOptions>, string> Refused => new()
    {
        { o => o.After(TimeSpan.FromTicks(-1)), "*'shop.order-placed' cannot be published: After(*) is negative: use zero*" },
        { o => o.After(Timeout.InfiniteTimeSpan), "*means never*" },
        { o => o.After(TimeSpan.MinValue), "*is negative*" },
        { o => o.After(TimeSpan.MaxValue), "*is too long: the limit is 365250 days*" },
        { o => o.At(DateTimeOffset.MaxValue), "*is too late: the limit is 9999-12-31*" },
        { o => o.After(Hour).At(DateTimeOffset.UnixEpoch), "*both After(...) and At(...)*" },
        { o => o.After(TimeSpan.Zero).At(DateTimeOffset.UnixEpoch), "*both After(...) and At(...)*" },
        { o => o.ScheduleId = "name", "*nothing says when*After(...) or At(...)*" },
        { o => o.After(Hour).ScheduleId = "", "*the ScheduleId is empty*" },
        { o => o.After(Hour).ScheduleId = new string('x', 201), "*the ScheduleId has 201 characters, the limit is 200*" },
        { o => o.After(Hour).ScheduleId = "a\0b", "*the ScheduleId is not valid Unicode, or contains a control character*" },
        { o => o.After(Hour).ScheduleId = "\ud800", "*the ScheduleId is not valid Unicode*" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task A_time_or_a_name_that_cannot_be_is_refused_at_the_call(Action<PublishOptions> configure, string message)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("k", 1));
            bus.Invoking(x => x.Publish(new OrderPlaced("k", 2), configure)).Should().Throw<MessagingException>().WithMessage(message);
            await bus.Awaiting(x => x.PublishNowAsync(new OrderPlaced("k", 2), configure)).Should().ThrowAsync<MessagingException>();
            await db.SaveChangesAsync();
        });

        (await shop.OutboxAsync()).Should().ContainSingle();
        (await shop.QueryAsync(db => db.Set<ScheduleRow>().CountAsync())).Should().Be(0);
    }

    [Theory]
    [InlineData(null, "*empty*")]
    [InlineData("", "*empty*")]
    [InlineData("\n", "*control character*")]
    public async Task What_cannot_be_the_name_of_a_schedule_cannot_be_cancelled(string? name, string message)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Invoking(x => x.Cancel(name!)).Should().Throw<MessagingException>().WithMessage(message);
            db.Invoking(x => x.Cancel(name!)).Should().Throw<MessagingException>().WithMessage(message);
            await bus.Awaiting(x => x.CancelNowAsync(name!)).Should().ThrowAsync<MessagingException>().WithMessage(message);
        });
    }

    [Theory, EachDatabase]
    public async Task The_longest_name_and_the_strangest_are_names(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        string[] names = [new('x', 200), "%", "'; --", "naïve 🛒", " "];

        await shop.InScopeAsync(async (db, bus) =>
        {
            foreach (var name in names)
            {
                bus.Publish(new OrderPlaced("k"), o => o.After(Hour).ScheduleId = name);
            }

            await db.SaveChangesAsync();
            bus.Cancel("%");
            await db.SaveChangesAsync();
        });

        (await shop.QueryAsync(db => db.Set<ScheduleRow>().OrderBy(row => row.Id).Select(row => row.ScheduleId).ToListAsync())).Should().Equal(names.Except(["%"]));
    }

    [Fact]
    public async Task A_reply_cannot_wait()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await ShopHost.CreateAsync(database);

        await shop.InScopeAsync((_, bus) =>
        {
            bus.Invoking(x => x.Reply(new CardCharged("k"), new ReplyAddress("shop", "request"), o => o.After(Hour))).Should().Throw<MessagingException>().WithMessage("*a reply leaves at once*");
            return Task.CompletedTask;
        });
    }
}
