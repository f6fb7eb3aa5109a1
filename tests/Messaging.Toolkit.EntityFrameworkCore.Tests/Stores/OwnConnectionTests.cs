using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Stores;

/// <summary>A context that has worked on another one's connection is as it was before, whoever has it next from the pool.</summary>
public sealed class OwnConnectionTests
{
    [Theory]
    [MemberData(nameof(TestDatabase.All), MemberType = typeof(TestDatabase))]
    public async Task A_context_that_was_given_a_string_connects_with_it_again(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var leader = new ShopDb(database.Options<ShopDb>());
        await using var own = new ShopDb(database.Options<ShopDb>());
        var pool = new PooledDbContextFactory<ShopDb>(database.Options<ShopDb>(), poolSize: 1);

        await JoinAndLeaveAsync(own, leader);
        await ShouldConnectByItselfAsync(own, leader, database.ConnectionString);
        for (var lease = 0; lease < 3; lease++)
        {
            await using var pooled = await pool.CreateDbContextAsync();
            await JoinAndLeaveAsync(pooled, leader);
            await ShouldConnectByItselfAsync(pooled, leader, database.ConnectionString);
        }
    }

    /// <summary>Tenants with databases of their own: the string is that of the lease, not of the pool.</summary>
    [Theory]
    [MemberData(nameof(TestDatabase.All), MemberType = typeof(TestDatabase))]
    public async Task A_context_that_was_given_another_string_keeps_that(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var tenant = await TestDatabase.CreateAsync(kind);
        await using var leader = new ShopDb(tenant.Options<ShopDb>());
        var pool = new PooledDbContextFactory<ShopDb>(database.Options<ShopDb>(), poolSize: 1);

        foreach (var connectionString in new[] { database.ConnectionString, tenant.ConnectionString, database.ConnectionString })
        {
            await using var pooled = await pool.CreateDbContextAsync();
            pooled.Database.SetConnectionString(connectionString);
            await JoinAndLeaveAsync(pooled, leader);
            await ShouldConnectByItselfAsync(pooled, leader, connectionString);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_context_of_a_data_source_connects_by_it_again_unless_it_was_given_a_string(bool isGivenString)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var tenant = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        var named = new NpgsqlConnectionStringBuilder(database.ConnectionString) { ApplicationName = "by the data source", Password = "secret" };
        await using var source = NpgsqlDataSource.Create(named);
        await using var leader = new ShopDb(tenant.Options<ShopDb>());
        var pool = new PooledDbContextFactory<ShopDb>(new DbContextOptionsBuilder<ShopDb>().UseNpgsql(source).Options, poolSize: 1);

        for (var lease = 0; lease < 3; lease++)
        {
            await using var pooled = await pool.CreateDbContextAsync();
            if (isGivenString)
            {
                pooled.Database.SetConnectionString(tenant.ConnectionString);
            }

            await JoinAndLeaveAsync(pooled, leader);

            await ShouldConnectByItselfAsync(pooled, leader, isGivenString ? tenant.ConnectionString : source.ConnectionString);
        }
    }

    [Fact]
    public async Task A_context_that_was_given_a_connection_has_it_again()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.PostgreSql);
        await using var leader = new ShopDb(database.Options<ShopDb>());
        await using var given = new NpgsqlConnection(database.ConnectionString);
        await using (var context = new ShopDb(new DbContextOptionsBuilder<ShopDb>().UseNpgsql(given).Options))
        {
            await JoinAndLeaveAsync(context, leader);
            context.Database.GetDbConnection().Should().BeSameAs(given);
        }

        await given.OpenAsync();
    }

    private static async Task JoinAndLeaveAsync(ShopDb context, ShopDb leader)
    {
        await using var transaction = await leader.Database.BeginTransactionAsync();
        await using (await SharedConnection.JoinAsync(context, leader, transaction.GetDbTransaction(), CancellationToken.None))
        {
            context.Database.GetDbConnection().Should().BeSameAs(leader.Database.GetDbConnection());
            await context.Database.ExecuteSqlAsync($"SELECT 1");
        }
    }

    /// <summary>Twice, because a connection that has been open knows its password no longer.</summary>
    private static async Task ShouldConnectByItselfAsync(ShopDb context, ShopDb leader, string connectionString)
    {
        for (var time = 0; time < 2; time++)
        {
            context.Database.GetConnectionString().Should().Be(connectionString);
            await context.Database.OpenConnectionAsync();
            context.Database.GetDbConnection().Should().NotBeSameAs(leader.Database.GetDbConnection());
            context.Database.GetDbConnection().Database.Should().Be(context.Database.IsNpgsql() ? new NpgsqlConnectionStringBuilder(connectionString).Database : "main");
            await context.Database.CloseConnectionAsync();
        }
    }
}
