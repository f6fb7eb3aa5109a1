using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>Waits for the turn to write, writes messages just before the transaction of a save commits, and wakes the relay after a commit.</summary>
internal sealed class TransactionInterceptor : DbTransactionInterceptor
{
    public static readonly TransactionInterceptor Instance = new();

    public override InterceptionResult<DbTransaction> TransactionStarting(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result)
    {
        if (SessionOf(eventData) is { NeedsTurn: true } session)
        {
            session.HoldTurn(session.Store.Writer.Take());
        }

        return result;
    }

    public override ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
    {
        return SessionOf(eventData) is { NeedsTurn: true } session ? WithoutContext.Run(TakeTurnAsync) : new(result);

        async ValueTask<InterceptionResult<DbTransaction>> TakeTurnAsync()
        {
            session.HoldTurn(await session.Store.Writer.TakeAsync(cancellationToken));
            return result;
        }
    }

    public override DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        SessionOf(eventData)?.OnStarted();
        return result;
    }

    public override ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        SessionOf(eventData)?.OnStarted();
        return new(result);
    }

    public override DbTransaction TransactionUsed(DbConnection connection, TransactionEventData eventData, DbTransaction result)
    {
        SessionOf(eventData)?.OnStarted();
        return result;
    }

    public override ValueTask<DbTransaction> TransactionUsedAsync(
        DbConnection connection, TransactionEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        SessionOf(eventData)?.OnStarted();
        return new(result);
    }

    public override InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
    {
        var session = SessionOf(eventData);
        session?.EnsureCommittable();
        if (session is { WritesAtCommit: true })
        {
            MessageWriter.Write(session, transaction);
        }

        return result;
    }

    public override ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        var session = SessionOf(eventData);
        var commit = session?.TakeCommit();
        session?.EnsureCommittable();
        return session is { WritesAtCommit: true } ? WithoutContext.Run(WriteAsync) : commit is not null ? CommitAsync(commit) : new(result);

        async ValueTask<InterceptionResult> WriteAsync()
        {
            await MessageWriter.WriteAsync(session, transaction, cancellationToken);
            return result;
        }

        async ValueTask<InterceptionResult> CommitAsync(DbCommand command)
        {
            await using (command)
            {
                await command.ExecuteNonQueryAsync(cancellationToken);
            }

            return InterceptionResult.Suppress();
        }
    }

    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => SessionOf(eventData)?.OnCommitted();

    public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        SessionOf(eventData)?.OnCommitted();
        return Task.CompletedTask;
    }

    public override void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) => SessionOf(eventData)?.OnRolledBack();

    public override Task TransactionRolledBackAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        SessionOf(eventData)?.OnRolledBack();
        return Task.CompletedTask;
    }

    private static OutboxSession? SessionOf(TransactionStartingEventData eventData) => eventData.Context?.GetService<OutboxSession>();

    private static OutboxSession? SessionOf(TransactionEventData eventData) => eventData.Context?.GetService<OutboxSession>();

    private static OutboxSession? SessionOf(TransactionEndEventData eventData) => eventData.Context?.GetService<OutboxSession>();
}
