using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Microsoft.Data.Sqlite;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>A connection to SQLite on which every asynchronous call takes virtual time and may fail.</summary>
internal sealed class SimulatedConnection(SqliteConnection inner, SimulatedDatabase database, NodeLife life) : DbConnection
{
    private bool isLost;

    public SqliteConnection Inner => inner;

    public SimulatedDatabase Store => database;

    public NodeLife Life => life;

    /// <summary>The transaction that is open.</summary>
    public SimulatedTransaction? Transaction { get; private set; }

    [AllowNull]
    public override string ConnectionString { get => inner.ConnectionString; set => inner.ConnectionString = value; }

    public override string Database => inner.Database;

    public override string DataSource => inner.DataSource;

    public override string ServerVersion => inner.ServerVersion;

    public override ConnectionState State => inner.State;

    public override void ChangeDatabase(string databaseName) => inner.ChangeDatabase(databaseName);

    public override void Open()
    {
        isLost = false;
        inner.Open();
        life.Opened(this);
    }

    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await life.EnterAsync(Operation.Connect).ConfigureAwait(false);
        isLost = false;
        FailMaybe(Operation.Connect);
        Open();
    }

    public override void Close()
    {
        Transaction = null;
        inner.Close();
        database.Lock.Release(this);
        life.Closed(this);
    }

    public override Task CloseAsync()
    {
        Close();
        return Task.CompletedTask;
    }

    /// <summary>The other side is gone: what is open is rolled back.</summary>
    public void Drop()
    {
        isLost = true;
        Close();
    }

    /// <summary>Takes the write lock for a transaction or for a statement without one.</summary>
    /// <exception cref="SqliteException">It was not free in time.</exception>
    public async Task LockAsync()
    {
        if (!await database.Lock.TakeAsync(this, database.BusyTimeout).ConfigureAwait(false))
        {
            throw new SqliteException("database is locked", SqliteErrors.Busy);
        }
    }

    /// <summary>As <see cref="LockAsync"/>, without waiting.</summary>
    public void Lock()
    {
        if (!database.Lock.TryTake(this))
        {
            throw new SqliteException("database is locked (a synchronous call cannot wait in a simulation)", SqliteErrors.Busy);
        }
    }

    /// <summary>Ends the transaction here, and gives the lock back.</summary>
    public void EndTransaction()
    {
        Transaction = null;
        database.Lock.Release(this);
    }

    /// <exception cref="SqliteException">The statement fails, or the connection.</exception>
    public void FailMaybe(Operation operation)
    {
        ThrowIfLost();
        if (life.Happens(FaultKind.StatementFails, operation))
        {
            throw new SqliteException("simulated: the statement failed", SqliteErrors.Io);
        }

        if (life.Happens(FaultKind.ConnectionLost, operation))
        {
            Drop();
            ThrowIfLost();
        }
    }

    /// <summary>What was done has taken effect; whether its caller hears of it is another question.</summary>
    /// <exception cref="SqliteException">The reply is lost.</exception>
    public void ReplyMaybe(Operation operation)
    {
        if (life.Happens(FaultKind.ReplyLost, operation))
        {
            Drop();
            ThrowIfLost();
        }
    }

    public void ThrowIfLost()
    {
        if (isLost)
        {
            throw new SqliteException("simulated: the connection is lost", SqliteErrors.Io);
        }
    }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel)
    {
        Lock();
        return Begin(isolationLevel);
    }

    protected override async ValueTask<DbTransaction> BeginDbTransactionAsync(IsolationLevel isolationLevel, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await life.EnterAsync(Operation.Begin).ConfigureAwait(false);
        FailMaybe(Operation.Begin);
        await LockAsync().ConfigureAwait(false);
        ThrowIfLost();
        return Begin(isolationLevel);
    }

    protected override DbCommand CreateDbCommand() => new SimulatedCommand(inner.CreateCommand(), this);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
            inner.Dispose();
        }
    }

    private SimulatedTransaction Begin(IsolationLevel isolationLevel) => Transaction = new SimulatedTransaction(inner.BeginTransaction(isolationLevel), this);
}

/// <summary>Primary result codes of SQLite.</summary>
internal static class SqliteErrors
{
    public const int Busy = 5;
    public const int Io = 10;
}
