using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>
/// One transaction for a group of messages: their claims, then handler after handler, each on a scope and a context of its
/// own that shares the first one's connection and transaction, then one commit.
/// </summary>
internal sealed class EfInbox<TContext>(EfDatabase<TContext> database, IServiceScopeFactory scopes) : IInbox where TContext : DbContext
{
    public async Task<IReadOnlyList<HandlingOutcome>> HandleAsync(string endpoint, IReadOnlyList<MessageEnvelope> messages, HandleInScope handle, CancellationToken cancellationToken)
    {
        using var turn = await database.TakeTurnAsync(cancellationToken);
        var attempt = new Attempt(endpoint, messages, handle);

        await using var holdings = new Holdings(database.Store, scopes.CreateAsyncScope());
        var strategy = holdings.Services.GetRequiredService<TContext>().Database.CreateExecutionStrategy();
        if (!strategy.RetriesOnFailure)
        {
            return await RunAsync(holdings, attempt, cancellationToken);
        }

        // A context whose strategy retries does nothing else: each attempt gets a new one.
        return await strategy.ExecuteAsync(
            attempt,
            (_, current, cancel) => RunInNewScopeAsync(current, cancel),
            async (_, current, cancel) => new ExecutionResult<IReadOnlyList<HandlingOutcome>>(await VerifyAsync(current, cancel), current.Outcomes),
            cancellationToken);
    }

    public bool IsTransient(Exception exception) => database.Dialect.IsTransient(exception);

    public Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            var cutoff = await sql.ReadNowAsync(context, cancellationToken) - age;
            await using var find = sql.ReadNthClaim(context, cutoff, count);
            var nth = await find.ExecuteScalarAsync(cancellationToken);
            var until = nth is null or DBNull ? cutoff : DbCommands.ToUtc(nth);
            await using var delete = sql.DeleteClaims(context, until);
            return await delete.ExecuteNonQueryAsync(cancellationToken);
        }, cancellationToken);

    private async Task<IReadOnlyList<HandlingOutcome>> RunInNewScopeAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        await using var holdings = new Holdings(database.Store, scopes.CreateAsyncScope());
        return await RunAsync(holdings, attempt, cancellationToken);
    }

    private async Task<IReadOnlyList<HandlingOutcome>> RunAsync(Holdings holdings, Attempt attempt, CancellationToken cancellationToken)
    {
        var context = holdings.Lead<TContext>();
        var sql = database.Store.Dialect(context);
        var transaction = holdings.Transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        var claimed = await sql.ClaimAsync(context, attempt.Endpoint, [.. attempt.Messages.Select(message => message.Id)], cancellationToken);
        attempt.Claim(claimed);

        var published = false;
        var isFirst = true;
        for (var i = 0; i < attempt.Messages.Count; i++)
        {
            if (attempt.Outcomes[i] == HandlingOutcome.Duplicate)
            {
                continue;
            }

            published |= isFirst
                ? await HandleAsync(holdings.Services, context, attempt, i, cancellationToken)
                : await HandleInOwnScopeAsync(holdings, context, attempt, i, cancellationToken);
            isFirst = false;
        }

        if (sql.AbortsTransactionOnError)
        {
            await EnsureAliveAsync(context, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        if (published)
        {
            database.Store.OnMessagesCommitted();
        }

        return attempt.Outcomes;
    }

    private async Task<bool> HandleInOwnScopeAsync(Holdings holdings, TContext leader, Attempt attempt, int index, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        TContext context;
        SharedConnection? shared = null;
        try
        {
            context = scope.ServiceProvider.GetRequiredService<TContext>();
            shared = await SharedConnection.JoinAsync(context, leader, holdings.Transaction!.GetDbTransaction(), cancellationToken);
        }
        catch
        {
            await scope.DisposeAsync();
            throw;
        }

        var session = context.GetService<OutboxSession>();
        try
        {
            return await HandleAsync(scope.ServiceProvider, context, attempt, index, cancellationToken);
        }
        finally
        {
            await holdings.EndAsync(scope, session, shared);
        }
    }

    /// <summary>Runs the handlers of one message and saves. True if they sent messages.</summary>
    private static async Task<bool> HandleAsync(IServiceProvider scope, TContext context, Attempt attempt, int index, CancellationToken cancellationToken)
    {
        var session = context.GetService<OutboxSession>();
        try
        {
            await attempt.Handle(scope, session, index, cancellationToken);

            // If this save fails the attempt ends, so a savepoint would only cost round trips. The handler's own saves have theirs.
            context.Database.AutoSavepointsEnabled = false;
            await context.SaveChangesAsync(cancellationToken);
            return session.IsAwaitingCommit;
        }
        catch
        {
            session.Discard();
            throw;
        }
        finally
        {
            session.StopAwaitingCommit();
        }
    }

    /// <summary>
    /// A handler may have swallowed a failure that the database has not forgotten: it would answer the commit with a rollback
    /// that looks like success.
    /// </summary>
    private static async Task EnsureAliveAsync(TContext context, CancellationToken cancellationToken)
    {
        await using var command = context.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>
    /// Whether all that the attempt claimed is claimed. One claim tells nothing of the others: it may be another process's, which
    /// was given that message too and handled it after our transaction was lost.
    /// </summary>
    private async Task<bool> VerifyAsync(Attempt attempt, CancellationToken cancellationToken)
        => attempt.Claimed.Count > 0 && await database.RunAsync(async (context, sql) =>
        {
            foreach (var messageId in attempt.Claimed)
            {
                await using var command = sql.CountClaims(context, attempt.Endpoint, messageId);
                if (Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), System.Globalization.CultureInfo.InvariantCulture) == 0)
                {
                    return false;
                }
            }

            return true;
        }, cancellationToken);

    private sealed class Attempt(string endpoint, IReadOnlyList<MessageEnvelope> messages, HandleInScope handle)
    {
        public string Endpoint => endpoint;

        public IReadOnlyList<MessageEnvelope> Messages => messages;

        public HandleInScope Handle => handle;

        public HandlingOutcome[] Outcomes { get; } = new HandlingOutcome[messages.Count];

        /// <summary>The claims of this attempt: if they are all there afterwards, their messages are handled.</summary>
        public IReadOnlyCollection<Guid> Claimed { get; private set; } = [];

        public void Claim(HashSet<Guid> ids)
        {
            Claimed = ids;
            for (var i = 0; i < messages.Count; i++)
            {
                Outcomes[i] = ids.Contains(messages[i].Id) ? HandlingOutcome.Handled : HandlingOutcome.Duplicate;
            }
        }
    }
}
