using System.Data.Common;

namespace Messaging.Toolkit.Benchmarks.Databases;

/// <summary>
/// A transaction that somebody has left open. It has an id and has looked at the outbox, and writes nothing: what is deleted from now on
/// cannot be vacuumed, because this one could still ask for it.
/// </summary>
internal sealed class OldTransaction(DbConnection connection) : IAsyncDisposable
{
    public static async Task<OldTransaction> BeginAsync(BenchmarkDatabase database)
    {
        var connection = await database.OpenAsync();
        await connection.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id(); SELECT count(*) FROM messaging_outbox");
        return new OldTransaction(connection);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.ExecuteAsync("ROLLBACK");
        await connection.DisposeAsync();
    }
}
