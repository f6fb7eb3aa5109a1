using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Benchmarks.Databases;

/// <summary>A database of one sample's own, empty when created and gone when disposed: no sample pays for what another left behind.</summary>
internal abstract class BenchmarkDatabase : IAsyncDisposable
{
    public static Task<BenchmarkDatabase> CreateAsync(DatabaseKind kind) => kind switch
    {
        DatabaseKind.Postgres => PostgresDatabase.CreateAsync(),
        DatabaseKind.Sqlite => SqliteDatabase.CreateAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>Points a context at this database.</summary>
    public abstract void Configure(DbContextOptionsBuilder options);

    /// <summary>A connection for what is measured without EF.</summary>
    public abstract DbConnection CreateConnection();

    public abstract ValueTask DisposeAsync();
}
