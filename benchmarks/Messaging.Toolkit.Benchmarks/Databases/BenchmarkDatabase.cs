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

    /// <summary>What other processes find it by.</summary>
    public virtual string Name => throw new NotSupportedException("Only a database on a server can be shared.");

    /// <summary>Points a context at this database.</summary>
    public abstract void Configure(DbContextOptionsBuilder options);

    /// <summary>A connection for what is measured without EF.</summary>
    public abstract DbConnection CreateConnection();

    /// <summary>Runs a statement, however long it takes.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await connection.ExecuteAsync(sql);
    }

    /// <summary>Reads one number.</summary>
    public async Task<long> CountAsync(string sql)
    {
        await using var connection = await OpenAsync();
        return await connection.CountAsync(sql);
    }

    public async Task<DbConnection> OpenAsync()
    {
        var connection = CreateConnection();
        await connection.OpenAsync();
        return connection;
    }

    public abstract ValueTask DisposeAsync();
}
