using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Benchmarks.Databases;

/// <summary>A file in a temporary folder, in WAL mode and otherwise as EF Core's provider opens it (synchronous = full).</summary>
internal sealed class SqliteDatabase(string folder) : BenchmarkDatabase
{
    private readonly string connectionString = $"Data Source={Path.Combine(folder, "bench.db")}";

    public static async Task<BenchmarkDatabase> CreateAsync()
    {
        var database = new SqliteDatabase(Directory.CreateTempSubdirectory("messaging-toolkit-bench-").FullName);
        await using var connection = database.CreateConnection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = 'wal'"; // Kept in the file, for every later connection.
        await command.ExecuteNonQueryAsync();
        return database;
    }

    public override void Configure(DbContextOptionsBuilder options) => options.UseSqlite(connectionString);

    public override DbConnection CreateConnection() => new SqliteConnection(connectionString);

    public override ValueTask DisposeAsync()
    {
        using (var connection = new SqliteConnection(connectionString))
        {
            SqliteConnection.ClearPool(connection);
        }

        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
