using System.Diagnostics.Metrics;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>However a context comes and goes, what is published on it leaves with its save or is reported: never silence.</summary>
public sealed class ContextLifetimeTests
{
    public enum Registration
    {
        Plain,
        Pool,
        Factory,
        PooledFactory,
    }

    public static TheoryData<DatabaseKind, Registration> Registrations
    {
        get
        {
            var registrations = new TheoryData<DatabaseKind, Registration>();
            foreach (var kind in Enum.GetValues<DatabaseKind>())
            {
                foreach (var registration in Enum.GetValues<Registration>())
                {
                    registrations.Add(kind, registration);
                }
            }

            return registrations;
        }
    }

    [Theory, MemberData(nameof(Registrations))]
    public async Task What_is_saved_is_in_the_outbox_and_each_unit_of_work_begins_with_nothing(DatabaseKind kind, Registration registration)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await CreateAsync(database, registration);

        for (var number = 1; number <= 3; number++)
        {
            await WithContextAsync(shop, registration, async db =>
            {
                db.Orders.Add(Saving.NewOrder());
                db.Publish(new OrderPlaced("a", number));
                await db.SaveChangesAsync();
            });
        }

        (await shop.PublishedAsync()).Should().Equal(1, 2, 3);
        (await shop.OrdersAsync()).Should().Be(3);
        shop.Log.Lines.Should().NotContain(line => line.Level >= LogLevel.Warning);
    }

    [Theory, MemberData(nameof(Registrations))]
    public async Task What_is_not_saved_is_reported_once_and_does_not_leak_into_the_next_unit_of_work(DatabaseKind kind, Registration registration)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await CreateAsync(database, registration);
        using var unsaved = new UnsavedCounter(shop);

        await WithContextAsync(shop, registration, db =>
        {
            db.Publish(new OrderPlaced("secret", 1));
            db.Publish(new CardCharged("secret", 2));
            return Task.CompletedTask;
        });
        await WithContextAsync(shop, registration, async db =>
        {
            db.Database.AutoTransactionBehavior.Should().Be(AutoTransactionBehavior.WhenNeeded);
            await db.SaveChangesAsync();
            db.Publish(new OrderPlaced("a", 3));
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(3);
        var line = shop.Log.Lines.Should().ContainSingle(line => line.Id == 5).Subject;
        line.Level.Should().Be(LogLevel.Error);
        line.Text.Should().Contain("2").And.Contain("shop.order-placed, billing.card-charged").And.Contain("SaveChanges").And.NotContain("secret");
        unsaved.Count.Should().Be(2);
    }

    [Theory, MemberData(nameof(Registrations))]
    public async Task What_a_failed_save_has_thrown_away_is_not_reported_again(DatabaseKind kind, Registration registration)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await CreateAsync(database, registration);
        var order = Saving.NewOrder();
        await WithContextAsync(shop, registration, async db =>
        {
            db.Orders.Add(order);
            await db.SaveChangesAsync();
        });

        await WithContextAsync(shop, registration, async db =>
        {
            db.Orders.Add(order);
            db.Publish(new OrderPlaced("a", 1));
            await FluentActions.Awaiting(() => db.SaveChangesAsync()).Should().ThrowAsync<DbUpdateException>();
        });
        await WithContextAsync(shop, registration, db =>
        {
            db.Publish(new OrderPlaced("b", 2));
            return Task.CompletedTask;
        });

        shop.Log.Lines.Should().ContainSingle(line => line.Id == 5).Which.Text.Should().StartWith("1 ");
    }

    [Theory, MemberData(nameof(Registrations))]
    public async Task A_transaction_that_was_left_open_is_rolled_back_with_its_messages_and_the_next_unit_of_work_is_clean(DatabaseKind kind, Registration registration)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await CreateAsync(database, registration);

        await WithContextAsync(shop, registration, async db =>
        {
            await db.Database.BeginTransactionAsync();
            db.Orders.Add(Saving.NewOrder());
            db.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });
        await WithContextAsync(shop, registration, async db =>
        {
            db.Orders.Add(Saving.NewOrder());
            db.Publish(new OrderPlaced("a", 2));
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(2);
        (await shop.OrdersAsync()).Should().Be(1);
    }

    [Theory, MemberData(nameof(Registrations))]
    public async Task Messages_are_handled_with_every_kind_of_registration(DatabaseKind kind, Registration registration)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await CreateAsync(database, registration);
        await shop.StartAsync();

        for (var number = 0; number < 10; number++)
        {
            await WithContextAsync(shop, registration, async db =>
            {
                db.Publish(new OrderPlaced("a", number));
                await db.SaveChangesAsync();
            });
        }

        await shop.HandledAsync(30);
        await shop.StopAsync();
        (await shop.EffectsAsync()).Should().HaveCount(30);
        (await shop.OutboxAsync()).Should().BeEmpty();
        shop.Log.Lines.Should().NotContain(line => line.Level >= LogLevel.Warning);
    }

    [Theory, EachDatabase]
    public async Task Two_contexts_of_a_factory_in_one_scope_are_two_units_of_work(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await CreateAsync(database, Registration.Factory);
        var factory = shop.Services.GetRequiredService<IDbContextFactory<ShopDb>>();

        await using (var one = await factory.CreateDbContextAsync())
        await using (var other = await factory.CreateDbContextAsync())
        {
            one.Publish(new OrderPlaced("a", 1));
            other.Publish(new OrderPlaced("a", 2));
            await other.SaveChangesAsync();
            other.Send(new ChargeCard("a", 3));
            await other.SaveChangesAsync();
        }

        (await shop.PublishedAsync()).Should().Equal(2, 3);
        shop.Log.Lines.Should().ContainSingle(line => line.Id == 5);
    }

    [Theory, EachDatabase]
    public async Task A_context_made_by_hand_has_no_outbox_and_says_what_to_do(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var db = new ShopDb(database.Options<ShopDb>());

        db.Invoking(x => x.Publish(new OrderPlaced("a", 1))).Should().Throw<MessagingException>()
            .WithMessage("*ShopDb has no outbox*UseEntityFrameworkCore<ShopDb>()*IDbContextFactory*");
        db.Invoking(x => x.DiscardMessages()).Should().Throw<MessagingException>();
    }

    private static Task<ShopHost> CreateAsync(TestDatabase database, Registration registration) => ShopHost.CreateAsync(database, services: services => _ = registration switch
    {
        Registration.Plain => services.AddDbContext<ShopDb>(database.Configure),
        Registration.Pool => services.AddDbContextPool<ShopDb>(database.Configure, poolSize: 1),
        Registration.Factory => services.AddDbContextFactory<ShopDb>(database.Configure),
        Registration.PooledFactory => services.AddPooledDbContextFactory<ShopDb>(database.Configure, poolSize: 1),
        _ => throw new ArgumentOutOfRangeException(nameof(registration), registration, null),
    });

    private static async Task WithContextAsync(ShopHost shop, Registration registration, Func<ShopDb, Task> work)
    {
        if (registration is Registration.Factory or Registration.PooledFactory)
        {
            await using var db = await shop.Services.GetRequiredService<IDbContextFactory<ShopDb>>().CreateDbContextAsync();
            await work(db);
        }
        else
        {
            await shop.InScopeAsync((db, _) => work(db));
        }
    }

    /// <summary>Reads the metric of one host: instruments of others, in tests that run at the same time, have the same name.</summary>
    private sealed class UnsavedCounter : IDisposable
    {
        private readonly MeterListener listener = new();
        private long count;

        public UnsavedCounter(ShopHost shop)
        {
            var factory = shop.Services.GetRequiredService<IMeterFactory>();
            listener.InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Name == "messaging.toolkit.outbox.unsaved" && ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref count, value));
            listener.Start();
        }

        public long Count => Interlocked.Read(ref count);

        public void Dispose() => listener.Dispose();
    }
}
