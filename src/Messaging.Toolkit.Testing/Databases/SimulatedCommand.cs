using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Messaging.Toolkit.Testing.Faults;
using Microsoft.Data.Sqlite;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>A statement that takes virtual time and may fail. Outside of a transaction it takes the write lock for itself.</summary>
internal sealed class SimulatedCommand(SqliteCommand inner, SimulatedConnection connection) : DbCommand
{
    private SimulatedTransaction? transaction;

    [AllowNull]
    public override string CommandText { get => inner.CommandText; set => inner.CommandText = value; }

    public override int CommandTimeout { get; set; }

    public override CommandType CommandType { get => inner.CommandType; set => inner.CommandType = value; }

    public override bool DesignTimeVisible { get; set; }

    public override UpdateRowSource UpdatedRowSource { get => inner.UpdatedRowSource; set => inner.UpdatedRowSource = value; }

    protected override DbConnection? DbConnection { get => connection; set => throw new NotSupportedException("The connection of a simulated command is its own."); }

    protected override DbParameterCollection DbParameterCollection => inner.Parameters;

    protected override DbTransaction? DbTransaction
    {
        get => transaction;
        set
        {
            transaction = (SimulatedTransaction?)value;
            inner.Transaction = transaction?.Inner;
        }
    }

    public override void Cancel() => inner.Cancel();

    public override void Prepare() => inner.Prepare();

    public override int ExecuteNonQuery() => Run(static command => command.ExecuteNonQuery());

    public override object? ExecuteScalar() => Run(static command => command.ExecuteScalar());

    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken) => RunAsync(static command => command.ExecuteNonQuery(), cancellationToken);

    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) => RunAsync(static command => command.ExecuteScalar(), cancellationToken);

    protected override DbParameter CreateDbParameter() => inner.CreateParameter();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => Run(command => command.ExecuteReader(behavior));

    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken)
        => await RunAsync(command => command.ExecuteReader(behavior), cancellationToken).ConfigureAwait(false);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }
    }

    private bool NeedsLock(Operation operation) => connection.Transaction is null && Statements.Writes(operation);

    private T Run<T>(Func<SqliteCommand, T> execute)
    {
        connection.ThrowIfLost();
        var operation = connection.Store.Statements.Classify(inner.CommandText);
        if (!NeedsLock(operation))
        {
            return Execute(execute);
        }

        connection.Lock();
        return ExecuteAndRelease(execute);
    }

    private async Task<T> RunAsync<T>(Func<SqliteCommand, T> execute, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var operation = connection.Store.Statements.Classify(inner.CommandText);
        await connection.Life.EnterAsync(operation).ConfigureAwait(false);
        connection.FailMaybe(operation);
        if (!NeedsLock(operation))
        {
            return Observe(operation, Execute(execute));
        }

        await connection.LockAsync().ConfigureAwait(false);
        connection.ThrowIfLost();
        var result = ExecuteAndRelease(execute);
        connection.ReplyMaybe(operation);
        return result;
    }

    /// <summary>A claim that inserts nothing was there already: its message has come again.</summary>
    private T Observe<T>(Operation operation, T result)
    {
        if (operation == Operation.Claim && result is 0)
        {
            connection.Store.OnDuplicate(connection);
        }

        return result;
    }

    private T Execute<T>(Func<SqliteCommand, T> execute)
    {
        // Nobody holds the file's lock who does not hold the simulated one: if SQLite waits, it is the simulation that is wrong.
        inner.CommandTimeout = 1;
        return execute(inner);
    }

    private T ExecuteAndRelease<T>(Func<SqliteCommand, T> execute)
    {
        try
        {
            return Execute(execute);
        }
        finally
        {
            // A reader of such a statement is read to its end before anything else happens.
            connection.EndTransaction();
            connection.Store.OnCommitted(connection, []);
        }
    }
}
