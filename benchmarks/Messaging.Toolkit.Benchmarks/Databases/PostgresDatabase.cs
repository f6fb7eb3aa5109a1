using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Toolkit.Benchmarks.Databases;

/// <summary>A new database on the server that <c>MESSAGING_TEST_POSTGRES</c> names.</summary>
internal sealed class PostgresDatabase(string server, string name) : BenchmarkDatabase
{
    private const string Variable = "MESSAGING_TEST_POSTGRES";

    private readonly string connectionString = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;

    public static async Task<BenchmarkDatabase> CreateAsync()
    {
        var server = Environment.GetEnvironmentVariable(Variable)
                     ?? throw new InvalidOperationException($"{Variable} is not set, so there is no PostgreSQL server: run the benchmarks by eng/bench.");
        var name = $"bench_{Guid.NewGuid():N}";
        await ExecuteAsync(server, $"CREATE DATABASE {name}");
        return new PostgresDatabase(server, name);
    }

    public override void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(connectionString);

    public override DbConnection CreateConnection() => new NpgsqlConnection(connectionString);

    public override async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(connectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        await ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)");
    }

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
