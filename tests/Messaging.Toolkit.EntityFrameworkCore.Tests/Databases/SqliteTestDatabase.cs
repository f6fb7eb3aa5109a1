using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;

/// <summary>A file in a temporary folder, in WAL mode: the way an application would use SQLite, readers beside one writer.</summary>
sealed class SqliteTestDatabase(string folder) : TestDatabase
{
    public override DatabaseKind Kind => DatabaseKind.Sqlite;

    public override string ConnectionString { get; } = $"Data Source={Path.Combine(folder, "test.db")}";

    public static async Task<TestDatabase> CreateAsync()
    {
        var folder = Directory.CreateTempSubdirectory("messaging-toolkit-test-").FullName;
        var database = new SqliteTestDatabase(folder);
        await using var connection = new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = 'wal'"; // Kept in the file, for every later connection.
        await command.ExecuteNonQueryAsync();
        return database;
    }

    public override void Configure(DbContextOptionsBuilder options) => options.UseSqlite(ConnectionString);

    public override ValueTask DisposeAsync()
    {
        using (var connection = new SqliteConnection(ConnectionString))
            SqliteConnection.ClearPool(connection);
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
