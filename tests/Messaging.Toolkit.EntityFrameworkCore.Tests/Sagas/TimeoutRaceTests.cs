using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>A timeout that falls due while the event that cancels it is being handled: one of the two takes effect.</summary>
public sealed class TimeoutRaceTests
{
    [Theory]
    [InlineData(DatabaseKind.Sqlite, 200)]
    [InlineData(DatabaseKind.PostgreSql, 1000)]
    public async Task A_timeout_or_the_event_that_cancels_it_takes_effect_and_never_both(DatabaseKind kind, int instances)
    {
        var bookings = instances / 5;
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var one = await ShopHost.StartAsync(database, Configure);
        await using var other = await ShopHost.StartAsync(database, Configure);

        await one.InScopeAsync(async (db, bus) =>
        {
            for (var booking = 0; booking < bookings; booking++)
            {
                bus.Publish(new BookingMade(booking), options => options.Key = $"booking-{booking}");
            }

            await db.SaveChangesAsync();
        });
        await Verdict.EventuallyAsync(async () => await one.QueryAsync(db => db.Effects.CountAsync()) >= instances, "one effect for each instance");
        await one.QuietAsync();

        var effects = await one.EffectsAsync();
        effects.Select(effect => (effect.Key, effect.Number)).Should().HaveCount(instances).And.OnlyHaveUniqueItems("one of the two takes effect");
        effects.Select(effect => effect.Handler).Distinct().Should().BeEquivalentTo(["confirmed", "expired"], "otherwise nothing has raced");
        (await one.RowsAsync()).Should().HaveCount(instances).And.OnlyContain(row => row.Status == SagaStatus.Completed && row.DueAt == null);
        (await one.DeadLettersAsync()).Should().BeEmpty();
    }

    /// <summary>Five instances for each booking, whose timeouts fall due from the moment of their beginning to far too late.</summary>
    private static void Configure(MessagingBuilder messaging)
    {
        SagaHosts.BeQuick(messaging);
        messaging
            .Event<BookingMade>(e => e.Named("booking-made"))
            .Event<BookingConfirmed>(e => e.Named("booking-confirmed"))
            .Endpoint("bookings", e => e.Process<Booking0>().Process<Booking1>().Process<Booking2>().Process<Booking3>().Process<Booking4>());
    }
}

internal sealed record BookingMade(int Number);

internal sealed record BookingConfirmed(int Number);

internal sealed record BookingExpired(int Number);

internal sealed class BookingState
{
    public int Number { get; set; }
}

/// <summary>The same process manager with another delay. The first of them has the booking confirmed: at once, or when the first timeouts are due on the fastest machine.</summary>
internal abstract class Booking(int index, int milliseconds) : ProcessManager<BookingState>
{
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(200);

    protected override void Define(IProcessBuilder<BookingState> process) => process
        .Named($"shop.booking-{index}")
        .Initially(p => p
            .When<BookingMade>(m => m.Number)
            .Then((state, m, context) =>
            {
                state.Number = m.Number;
                if (index == 0)
                {
                    context.Publish(new BookingConfirmed(m.Number), options =>
                    {
                        options.Key = $"confirmation-{m.Number}";
                        options.After(m.Number % 2 == 0 ? TimeSpan.Zero : Late);
                    });
                }
            })
            .Schedule("expiry", TimeSpan.FromMilliseconds(milliseconds), state => new BookingExpired(state.Number))
            .GoTo("made"))
        .During("made", p => p
            .When<BookingConfirmed>(m => m.Number)
            .Unschedule("expiry")
            .ThenAsync<ShopDb>((db, state, _, context, _) => NoteAsync(db, "confirmed", state.Number, context))
            .Complete()
            .WhenTimeout<BookingExpired>()
            .ThenAsync<ShopDb>((db, _, timeout, context, _) => NoteAsync(db, "expired", timeout.Number, context))
            .Complete());

    private Task NoteAsync(ShopDb db, string what, int number, MessageContext context)
    {
        db.Effects.Add(new Effect { Handler = what, MessageId = context.MessageId, Key = $"booking-{number}", Number = index });
        return Task.CompletedTask;
    }
}

internal sealed class Booking0() : Booking(0, 0);

internal sealed class Booking1() : Booking(1, 50);

internal sealed class Booking2() : Booking(2, 200);

internal sealed class Booking3() : Booking(3, 600);

internal sealed class Booking4() : Booking(4, 1500);
