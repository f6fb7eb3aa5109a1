using System.Data;
using System.Data.Common;
using Messaging.Toolkit.Testing.Checks;
using Messaging.Toolkit.Testing.Faults;
using Microsoft.Data.Sqlite;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>A transaction that may fail to commit, or commit without its caller hearing of it.</summary>
internal sealed class SimulatedTransaction(SqliteTransaction inner, SimulatedConnection connection) : DbTransaction
{
    private bool isEnded;

    public SqliteTransaction Inner => inner;

    /// <summary>The handlers that have worked in it.</summary>
    public List<HandlerRun> Runs { get; } = [];

    public override IsolationLevel IsolationLevel => inner.IsolationLevel;

    public override bool SupportsSavepoints => true;

    protected override DbConnection DbConnection => connection;

    public override void Commit()
    {
        connection.ThrowIfLost();
        inner.Commit();
        End();
        connection.Store.OnCommitted(connection, Runs);
    }

    public override async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await connection.Life.EnterAsync(Operation.Commit).ConfigureAwait(false);
        connection.FailMaybe(Operation.Commit);
        if (connection.Life.Happens(FaultKind.CommitFails, Operation.Commit))
        {
            connection.Drop();
            connection.ThrowIfLost();
        }

        Commit();

        // Between the commit and its reply there is time to die.
        await connection.Life.EnterAsync(Operation.Committed).ConfigureAwait(false);
        connection.ReplyMaybe(Operation.Committed);
    }

    public override void Rollback()
    {
        connection.ThrowIfLost();
        inner.Rollback();
        End();
    }

    public override Task RollbackAsync(CancellationToken cancellationToken = default)
    {
        Rollback();
        return Task.CompletedTask;
    }

    public override void Save(string savepointName) => inner.Save(savepointName);

    public override void Rollback(string savepointName) => inner.Rollback(savepointName);

    public override void Release(string savepointName) => inner.Release(savepointName);

    protected override void Dispose(bool disposing)
    {
        if (disposing && !isEnded && connection.Transaction == this)
        {
            inner.Dispose();
            End();
        }
    }

    private void End()
    {
        isEnded = true;
        connection.EndTransaction();
    }
}
