using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;

/// <summary>
/// A database of its own, empty when created and gone when disposed, so that tests may run at the same time and need no cleaning.
/// </summary>
public abstract class TestDatabase : IAsyncDisposable
{
    /// <summary>All kinds, as the data of a theory.</summary>
    public static TheoryData<DatabaseKind> All => new(Enum.GetValues<DatabaseKind>());

    public abstract DatabaseKind Kind { get; }

    public abstract string ConnectionString { get; }

    public static Task<TestDatabase> CreateAsync(DatabaseKind kind) => kind switch
    {
        DatabaseKind.Sqlite => SqliteTestDatabase.CreateAsync(),
        DatabaseKind.PostgreSql => PostgreSqlTestDatabase.CreateAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>Points a context at this database.</summary>
    public abstract void Configure(DbContextOptionsBuilder options);

    /// <summary>The options of a context on this database, for tests that make their contexts themselves.</summary>
    public DbContextOptions<TContext> Options<TContext>() where TContext : DbContext
    {
        var options = new DbContextOptionsBuilder<TContext>();
        Configure(options);
        return options.Options;
    }

    /// <summary>Drops the database, whoever is still connected.</summary>
    public abstract ValueTask DisposeAsync();
}
