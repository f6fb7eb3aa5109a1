using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;

/// <summary>Breaks the connection around chosen commits, the way a network does: the caller sees a failure, whatever the database did.</summary>
public sealed class CommitFault : DbTransactionInterceptor
{
    private readonly Queue<Kind> commits = new();

    public enum Kind
    {
        /// <summary>All is well.</summary>
        None,

        /// <summary>The commit never reaches the database.</summary>
        Lost,

        /// <summary>The commit takes effect and its reply is lost.</summary>
        ReplyLost,
    }

    /// <summary>Commits that were begun since <see cref="Next"/>.</summary>
    public int Commits { get; private set; }

    /// <summary>What happens between a commit and the loss of its reply.</summary>
    public Func<Task> AfterCommit { get; set; } = static () => Task.CompletedTask;

    /// <summary>A failure that EF's retrying strategies take for one that passes.</summary>
    public static Exception Transient => new NpgsqlException("The connection broke.", new IOException());

    /// <summary>What happens to the next commits, one after another; those after them go well.</summary>
    public void Next(params Kind[] kinds)
    {
        foreach (var kind in kinds)
        {
            commits.Enqueue(kind);
        }

        Commits = 0;
    }

    public override InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
    {
        StrikeAsync(transaction).GetAwaiter().GetResult();
        return result;
    }

    public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        await StrikeAsync(transaction);
        return result;
    }

    private async Task StrikeAsync(DbTransaction transaction)
    {
        Commits++;
        var kind = commits.TryDequeue(out var next) ? next : Kind.None;
        if (kind == Kind.ReplyLost)
        {
            transaction.Commit();
            await AfterCommit();
        }

        if (kind != Kind.None)
        {
            throw Transient;
        }
    }
}
