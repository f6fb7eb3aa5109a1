using Microsoft.EntityFrameworkCore;

namespace OrderFulfilment.Demo.Running;

/// <summary>A database for one run, read past the application.</summary>
internal sealed class DemoDatabase
{
    private const string ServerVariable = "MESSAGING_TEST_POSTGRES";

    private readonly DbContextOptions<FulfilmentDb> options;

    private DemoDatabase(string kind, string connectionString)
    {
        Settings = new Settings(kind, connectionString);
        var builder = new DbContextOptionsBuilder<FulfilmentDb>();
        Settings.Configure(builder);
        options = builder.Options;
    }

    public Settings Settings { get; }

    /// <summary>Names a new one. The application creates it.</summary>
    public static DemoDatabase New(string kind, string folder)
    {
        if (kind == "sqlite")
        {
            return new DemoDatabase(kind, $"Data Source={Path.Combine(folder, "fulfilment.db")}");
        }

        var server = Environment.GetEnvironmentVariable(ServerVariable);
        return string.IsNullOrEmpty(server)
            ? throw new DemoException($"{ServerVariable} names no server: run this by eng/demo, which starts one.")
            : new DemoDatabase(kind, new Npgsql.NpgsqlConnectionStringBuilder(server) { Database = $"demo_{Guid.NewGuid():N}" }.ConnectionString);
    }

    public async Task<T> ReadAsync<T>(Func<FulfilmentDb, Task<T>> read)
    {
        await using var db = new FulfilmentDb(options, TimeProvider.System);
        return await read(db);
    }

    public Task DropAsync() => ReadAsync(db => db.Database.EnsureDeletedAsync());
}
