using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Toolkit.Benchmarks.Databases;

/// <summary>A database on the server that <c>MESSAGING_TEST_POSTGRES</c> names.</summary>
/// <param name="server">Where it is.</param>
/// <param name="name">Its name there.</param>
/// <param name="isOurs">Whether it is gone when this is disposed.</param>
internal sealed class PostgresDatabase(string server, string name, bool isOurs) : BenchmarkDatabase
{
    private const string Variable = "MESSAGING_TEST_POSTGRES";

    private readonly string connectionString = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;

    public override string Name => name;

    private static string Server => Environment.GetEnvironmentVariable(Variable)
                                    ?? throw new InvalidOperationException($"{Variable} is not set, so there is no PostgreSQL server: run the benchmarks by eng/bench.");

    /// <summary>Has Npgsql prepare so many statements on each connection, here and in the processes that are started from now on.</summary>
    public static void AutoPrepare(int statements)
        => Environment.SetEnvironmentVariable(Variable, new NpgsqlConnectionStringBuilder(Server) { MaxAutoPrepare = statements }.ConnectionString);

    public static async Task<BenchmarkDatabase> CreateAsync()
    {
        var name = $"bench_{Guid.NewGuid():N}";
        await ExecuteAsync(Server, $"CREATE DATABASE {name}");
        return new PostgresDatabase(Server, name, isOurs: true);
    }

    /// <summary>One that another process of the benchmarks has created.</summary>
    public static BenchmarkDatabase Open(string name) => new PostgresDatabase(Server, name, isOurs: false);

    public override void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(connectionString);

    public override DbConnection CreateConnection() => new NpgsqlConnection(connectionString);

    public override async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(connectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        if (isOurs)
        {
            await ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)");
        }
    }

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
