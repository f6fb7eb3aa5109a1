using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;

/// <summary>A new database on the server that <c>MESSAGING_TEST_POSTGRES</c> names.</summary>
sealed class PostgreSqlTestDatabase(string server, string name) : TestDatabase
{
    const string Variable = "MESSAGING_TEST_POSTGRES";

    public override DatabaseKind Kind => DatabaseKind.PostgreSql;

    public override string ConnectionString { get; } = new NpgsqlConnectionStringBuilder(server)
    {
        Database = name,
        MaxPoolSize = 40, // Several databases in use at a time must fit into the server's 400 connections.
        IncludeErrorDetail = true,
    }.ConnectionString;

    public static async Task<TestDatabase> CreateAsync()
    {
        // A missing server is a failure and not a skip: half of the guarantees would go untested unseen.
        var server = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(server))
            throw new InvalidOperationException(
                $"{Variable} is not set, so there is no PostgreSQL server to test with. Run the tests by eng/test, " +
                "or start one with eng/servers start and set the variable by: eval \"$(eng/servers env)\"");

        var name = $"test_{Guid.NewGuid():N}";
        await ExecuteAsync(server, $"CREATE DATABASE {name}");
        return new PostgreSqlTestDatabase(server, name);
    }

    public override void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(ConnectionString);

    public override async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(ConnectionString))
            NpgsqlConnection.ClearPool(connection);
        await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    }

    static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
