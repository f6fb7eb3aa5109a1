using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>The tables have the names that the model gives them, whoever gave them and however odd they are.</summary>
public sealed class TableNamesTests
{
    [Theory, EachDatabase]
    public Task A_prefix_of_the_applications_is_used(DatabaseKind kind)
        => Messages_are_handled<PrefixedDb>(kind, model => model.GetTableName().Should().StartWith("Order_"));

    [Theory, EachDatabase]
    public Task No_prefix_is_used_if_the_application_wants_none(DatabaseKind kind)
        => Messages_are_handled<UnprefixedDb>(kind, model => model.GetTableName().Should().BeOneOf("outbox", "claim", "lease", "parked", "dead_letter", "saga", "saga_history"));

    [Theory, EachDatabase]
    public Task Names_that_the_application_gives_afterwards_are_used(DatabaseKind kind)
        => Messages_are_handled<RenamedDb>(kind, model => model.GetProperties().Should().OnlyContain(property => property.GetColumnName().StartsWith("the \"")));

    [Fact]
    public Task A_schema_is_used() // SQLite has none.
        => Messages_are_handled<SchemaDb>(DatabaseKind.PostgreSql, model => model.GetSchema().Should().Be("Messages"));

    [Fact]
    public Task The_default_schema_of_the_context_is_used()
        => Messages_are_handled<DefaultSchemaDb>(DatabaseKind.PostgreSql, model => model.GetSchema().Should().Be("shop"));

    [Theory]
    [InlineData("a\"; DROP TABLE x; --")]
    [InlineData("a'b")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("1a")]
    [InlineData("ä")]
    [InlineData("a\n")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789")]
    public void A_prefix_or_schema_that_is_no_plain_name_is_refused(string name)
    {
        var model = new ModelBuilder();

        var prefix = () => model.AddMessaging(tables => tables.TablePrefix = name);
        prefix.Should().Throw<MessagingException>().WithMessage("*TablePrefix*at most 40 letters, digits or '_'*");
        var schema = () => model.AddMessaging(tables => tables.Schema = name);
        schema.Should().Throw<MessagingException>().WithMessage("*Schema*1 to 60 letters, digits or '_'*");
    }

    [Fact]
    public void A_prefix_of_null_and_a_schema_of_nothing_are_refused()
    {
        var model = new ModelBuilder();
        model.Invoking(x => x.AddMessaging(tables => tables.TablePrefix = null!)).Should().Throw<MessagingException>();
        model.Invoking(x => x.AddMessaging(tables => tables.Schema = "")).Should().Throw<MessagingException>();
    }

    private static async Task Messages_are_handled<TContext>(DatabaseKind kind, Action<IEntityType> check) where TContext : ShopDb
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, m =>
        {
            ShopHost.Messages(m)
                .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>())
                .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedHandler>().Handle<CardCharged, FailingHandler>().OnFailure(f => f.RetryImmediately(0)));
        }, services => services
            .AddDbContext<ShopDb>(database.Configure)
            .AddScoped<ShopDb>(scope => (TContext)Activator.CreateInstance(typeof(TContext), scope.GetRequiredService<DbContextOptions<ShopDb>>())!));

        await shop.InScopeAsync(async (db, bus) =>
        {
            db.Orders.Add(Saving.NewOrder());
            bus.Publish(new OrderPlaced("a", 1));
            await db.SaveChangesAsync();
        });
        await shop.HandledAsync(3);
        await shop.StopAsync();

        await EveryStatementOfSagasRunsAsync(shop);
        (await shop.OutboxAsync()).Should().BeEmpty();
        (await shop.DeadLettersAsync()).Select(letter => letter.Type).Should().Equal("billing.card-charged", StoredSagas.LetterType);
        await shop.InScopeAsync((db, _) =>
        {
            foreach (var row in new[] { typeof(OutboxRow), typeof(ClaimRow), typeof(LeaseRow), typeof(ParkedRow), typeof(DeadLetterRow), typeof(SagaRow), typeof(SagaHistoryRow) })
            {
                check(db.Model.FindEntityType(row)!);
            }

            return Task.CompletedTask;
        });
        shop.Log.Lines.Where(line => line.Level >= LogLevel.Warning).Select(line => line.Id).Should().Equal(22);
    }

    private static async Task EveryStatementOfSagasRunsAsync(ShopHost shop)
    {
        var now = await StoredSagas.NowAsync(shop);
        var saga = StoredSagas.New(now) with { DueAt = now };
        await StoredSagas.WriteAsync(shop, saga, StoredSagas.Entry(1, SagaEvent.Started, now));
        await StoredSagas.WriteAsync(shop, saga with { Revision = 2, HistoryLength = 2 }, StoredSagas.Entry(2, SagaEvent.StepStarted, now));
        (await StoredSagas.Store(shop).SendDueAsync(["shop.order"], 1, TimeSpan.FromMinutes(1), _ => [], default)).Should().Be(1);
        (await StoredSagas.MarkStuckAsync(shop, saga.Id, "why")).Should().BeTrue();

        var catalogue = StoredSagas.Catalogue(shop);
        (await catalogue.FindAsync([saga.Id], default)).Should().Equal((await StoredSagas.ReadAsync(shop, saga.Id))!);
        (await catalogue.QueryAsync(new() { Definition = saga.Definition, Correlation = saga.Correlation, Status = SagaStatus.Stuck, CreatedFrom = now }, default)).Should().ContainSingle();
        (await catalogue.ReadStandingsAsync(default)).Should().ContainSingle();
        await StoredSagas.WriteAsync(shop, saga with { Revision = 4, Status = SagaStatus.Completed, DueAt = null, ChangedAt = now.AddDays(-1) });
        (await catalogue.ReadHistoryAsync(saga.Id, 0, 1000, default)).Should().HaveCount(3);
        (await catalogue.PurgeAsync(TimeSpan.FromMinutes(1), 10, default)).Should().Be(1);
        (await catalogue.ReadHistoryAsync(saga.Id, 0, 1000, default)).Should().BeEmpty();
    }

    private sealed class FailingHandler(Handled handled) : IHandle<CardCharged>
    {
        public Task HandleAsync(CardCharged message, MessageContext context, CancellationToken cancellationToken)
        {
            handled.Add("failing", context.Key, message.Number);
            throw new NotSupportedException();
        }
    }

    private sealed class PrefixedDb(DbContextOptions options) : ShopDb(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging(tables => tables.TablePrefix = "Order_");
    }

    private sealed class UnprefixedDb(DbContextOptions options) : ShopDb(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging(tables => tables.TablePrefix = "");
    }

    private sealed class SchemaDb(DbContextOptions options) : ShopDb(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging(tables => tables.Schema = "Messages");
    }

    private sealed class DefaultSchemaDb(DbContextOptions options) : ShopDb(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.HasDefaultSchema("shop").AddMessaging();
    }

    private sealed class RenamedDb(DbContextOptions options) : ShopDb(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.AddMessaging();
            foreach (var type in modelBuilder.Model.GetEntityTypes().Where(type => type.ClrType.Namespace == typeof(OutboxRow).Namespace))
            {
                type.SetTableName($"Select \"{type.ClrType.Name}\"");
                foreach (var property in type.GetProperties())
                {
                    property.SetColumnName($"the \"{property.Name}\"");
                }
            }
        }
    }
}
