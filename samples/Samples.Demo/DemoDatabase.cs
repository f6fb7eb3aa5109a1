using Microsoft.EntityFrameworkCore;
using Samples.Hosting;

namespace Samples.Demo;

/// <summary>A database for one run, read past the application.</summary>
/// <typeparam name="TContext">The application's.</typeparam>
public sealed class DemoDatabase<TContext> where TContext : DbContext
{
    private const string ServerVariable = "MESSAGING_TEST_POSTGRES";

    private readonly DbContextOptions<TContext> options;
    private readonly Func<DbContextOptions<TContext>, TContext> create;

    private DemoDatabase(string kind, string connectionString, Func<DbContextOptions<TContext>, TContext> create)
    {
        this.create = create;
        Settings = new Settings(kind, connectionString);
        var builder = new DbContextOptionsBuilder<TContext>();
        Settings.Configure(builder);
        options = builder.Options;
    }

    public Settings Settings { get; }

    /// <summary>Names a new one. The application creates it.</summary>
    /// <param name="kind"><c>sqlite</c> or <c>postgres</c>.</param>
    /// <param name="folder">Where the file is, if it is one.</param>
    /// <param name="create">Makes a context.</param>
    public static DemoDatabase<TContext> New(string kind, string folder, Func<DbContextOptions<TContext>, TContext> create)
    {
        if (kind == "sqlite")
        {
            return new DemoDatabase<TContext>(kind, $"Data Source={Path.Combine(folder, "demo.db")}", create);
        }

        var server = Environment.GetEnvironmentVariable(ServerVariable);
        return string.IsNullOrEmpty(server)
            ? throw new DemoException($"{ServerVariable} names no server: run this by eng/demo, which starts one.")
            : new DemoDatabase<TContext>(kind, new Npgsql.NpgsqlConnectionStringBuilder(server) { Database = $"demo_{Guid.NewGuid():N}" }.ConnectionString, create);
    }

    public async Task<T> ReadAsync<T>(Func<TContext, Task<T>> read)
    {
        await using var db = create(options);
        return await read(db);
    }

    public Task DropAsync() => ReadAsync(db => db.Database.EnsureDeletedAsync());
}
