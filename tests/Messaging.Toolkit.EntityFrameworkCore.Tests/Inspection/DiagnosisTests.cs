using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Inspection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Inspection;

/// <summary>What is found in databases, and what can be done about it.</summary>
public sealed class DiagnosisTests
{
    [Theory, EachDatabase]
    public async Task A_database_as_it_should_be_has_nothing_to_be_mended(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        var findings = await OfStoreAsync(shop);

        findings.Should().OnlyContain(finding => finding.Severity == FindingSeverity.Fine && finding.Cure == null);
        findings.Select(finding => finding.Subject["store ShopDb, ".Length..]).Should().Contain(["tables", "clock", "outbox", "dead letters"]);
    }

    [Theory, EachDatabase]
    public async Task A_table_that_is_missing_is_named_and_hides_nothing_else(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await shop.QueryAsync(db => db.Database.ExecuteSqlRawAsync("DROP TABLE messaging_claim"));

        var findings = await OfStoreAsync(shop);

        var missing = findings.Should().ContainSingle(finding => finding.Severity == FindingSeverity.Error).Subject;
        missing.Subject.Should().Be("store ShopDb, table messaging_claim");
        missing.Cure.Should().Contain("Add a migration");
        findings.Should().Contain(finding => finding.Subject == "store ShopDb, dead letters" && finding.Severity == FindingSeverity.Fine);
    }

    [Theory, EachDatabase]
    public async Task An_index_that_is_missing_is_named(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        var index = await shop.QueryAsync(db => Task.FromResult(db.Model.FindEntityType(typeof(ClaimRow))!.GetIndexes().First().GetDatabaseName()!));
        var drop = "DROP INDEX \"" + index + "\"";
        await shop.QueryAsync(db => db.Database.ExecuteSqlRawAsync(drop));

        (await OfStoreAsync(shop)).Should().ContainSingle(finding => finding.Severity == FindingSeverity.Error).Which.Observation.Should().Contain(index);
    }

    [Theory, EachDatabase]
    public async Task What_waits_too_long_and_what_is_dead_is_reported(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);
        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("1"));
            await db.SaveChangesAsync();
            await db.Set<OutboxRow>().ExecuteUpdateAsync(set => set.SetProperty(row => row.CreatedAt, DateTime.UtcNow.AddHours(-2)));
            db.Set<DeadLetterRow>().Add(new DeadLetterRow { Endpoint = "shop", MessageId = Guid.NewGuid(), Type = "t", Headers = "{}", Body = [], Reason = "r", Failure = "f", Attempts = 1, DeadAt = DateTime.UtcNow });
            await db.SaveChangesAsync();
        });

        var warnings = (await OfStoreAsync(shop)).Where(finding => finding.Severity == FindingSeverity.Warning).ToList();

        warnings.Select(finding => finding.Subject).Should().BeEquivalentTo("store ShopDb, outbox", "store ShopDb, dead letters");
        warnings[0].Observation.Should().MatchRegex("has waited for 7[12][0-9][0-9] s");
        warnings.Should().OnlyContain(finding => finding.Cure != null);
    }

    [Theory, EachDatabase]
    public async Task A_database_that_is_away_is_a_finding_and_no_exception(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database, services: services => services.AddDbContext<ShopDb>(options =>
        {
            if (kind == DatabaseKind.Sqlite)
            {
                options.UseSqlite("Data Source=/nowhere/at/all.db;Password=hunter2;Mode=ReadOnly");
            }
            else
            {
                options.UseNpgsql("Host=127.0.0.1;Port=1;Database=shop;Username=secretary;Password=hunter2");
            }
        }), createTables: false);

        var diagnosis = await Inspector(shop).DiagnoseAsync();

        diagnosis.Worst.Should().Be(FindingSeverity.Error);
        diagnosis.Findings.Should().ContainSingle(finding => finding.Subject == "store ShopDb").Which.Observation.Should().Contain("cannot be reached");
        diagnosis.ToString().Should().NotContain("hunter2").And.NotContain("secretary");
    }

    [Fact]
    public async Task A_user_who_may_do_nothing_is_told_what_to_grant()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using (var owner = await ShopHost.CreateAsync(database))
        {
            await owner.QueryAsync(db => db.Database.ExecuteSqlRawAsync("DO $$ BEGIN CREATE ROLE messaging_stranger LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"));
        }

        var stranger = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "messaging_stranger" }.ConnectionString;
        await using var shop = await ShopHost.CreateAsync(database, services: services => services.AddDbContext<ShopDb>(options => options.UseNpgsql(stranger)), createTables: false);

        var errors = (await OfStoreAsync(shop)).Where(finding => finding.Severity == FindingSeverity.Error).ToList();

        errors.Should().HaveCountGreaterThan(5);
        errors.Should().OnlyContain(finding => finding.Cure!.StartsWith("Grant this application's user"));
    }

    [Fact]
    public async Task The_oldest_open_transaction_is_looked_at()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var shop = await ShopHost.CreateAsync(database);

        (await OfStoreAsync(shop)).Should().Contain(finding => finding.Subject == "store ShopDb, open transactions" && finding.Observation.Contains("has been open for"));
        (await OfStoreAsync(shop)).Should().Contain(finding => finding.Subject == "store ShopDb, pooler" && finding.Observation.Contains("direct"));
    }

    [Theory, EachDatabase]
    public async Task The_work_of_this_process_is_part_of_it(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.CreateAsync(database);

        (await Inspector(shop).DiagnoseAsync()).Findings.Should().Contain(finding => finding.Subject == "this process" && finding.Cure!.StartsWith("Start the host"));

        await shop.StartAsync();
        (await Inspector(shop).DiagnoseAsync()).Findings.Should().Contain(finding => finding.Subject == "endpoint billing");
    }

    private static IMessagingInspector Inspector(ShopHost shop) => shop.Services.GetRequiredService<IMessagingInspector>();

    private static async Task<IReadOnlyList<Finding>> OfStoreAsync(ShopHost shop)
        => [.. (await Inspector(shop).DiagnoseAsync()).Findings.Where(finding => finding.Subject.StartsWith("store", StringComparison.Ordinal))];
}
