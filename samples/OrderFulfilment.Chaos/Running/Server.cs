using System.Data;
using System.Data.Common;
using Npgsql;

namespace OrderFulfilment.Chaos.Running;

/// <summary>The database server, seen by somebody with power over it: not through a proxy.</summary>
internal sealed class Server(string connectionString) : IDisposable
{
    /// <summary>How the sample's sessions are known from others.</summary>
    public const string ApplicationName = "order-fulfilment";

    /// <summary>The end of a query's FROM clause, and its WHERE.</summary>
    public const string SampleSessions = $"pg_stat_activity WHERE application_name = '{ApplicationName}' AND datname = current_database()";

    private readonly NpgsqlDataSource source = NpgsqlDataSource.Create(connectionString);

    /// <summary>Counts what a query selects, and so does what it does to that. 0 if the server has other worries.</summary>
    public async Task<long> TryCountAsync(string sql, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = source.CreateCommand(sql);
            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
        catch (DbException)
        {
            return 0; // It is being restarted, perhaps. Then there is nothing to hit.
        }
    }

    /// <summary>Executes a statement in a transaction and leaves that open for some time.</summary>
    public async Task TryHoldAsync(string sql, IsolationLevel isolation, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(isolation, cancellationToken);
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            await command.ExecuteNonQueryAsync(cancellationToken);
            await Task.Delay(time, cancellationToken);
        }
        catch (DbException)
        {
            // A restart of the server has ended the transaction, or kept it from beginning.
        }
    }

    public void Dispose() => source.Dispose();
}
