using System.Globalization;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Transports;
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
    public Task<IReadOnlyList<HandlingOutcome>> HandleAsync(string endpoint, IReadOnlyList<Delivery> messages, HandleInScope handle, CancellationToken cancellationToken)
        => HandleAsync(new Attempt(endpoint, messages, handle, Parked: null), cancellationToken);

    public async Task<HandlingOutcome> HandleParkedAsync(ParkedMessage parked, MessageEnvelope envelope, HandleInScope handle, CancellationToken cancellationToken)
        => (await HandleAsync(new Attempt(parked.Endpoint, [new Delivery(envelope)], handle, parked), cancellationToken))[0];

    private async Task<IReadOnlyList<HandlingOutcome>> HandleAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        var outcomes = await HandleOrThrowAsync(attempt, cancellationToken);

        // Not before it is known to have committed: what was rolled back must not be remembered.
        attempt.Steps.ForEach(step => step.Commit());
        return outcomes;
    }

    private async Task<IReadOnlyList<HandlingOutcome>> HandleOrThrowAsync(Attempt attempt, CancellationToken cancellationToken)
    {
        using var turn = await database.TakeTurnAsync(cancellationToken);

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
        await ClaimAsync(context, sql, attempt, cancellationToken);

        var published = false;
        var isFirst = true;
        for (var i = 0; i < attempt.Messages.Count; i++)
        {
            if (attempt.Outcomes[i] != HandlingOutcome.Handled)
            {
                continue;
            }

            published |= isFirst
                ? await HandleAsync(holdings.Services, context, attempt, i, cancellationToken)
                : await HandleInOwnScopeAsync(holdings, context, attempt, i, cancellationToken);
            isFirst = false;
        }

        if (attempt is { Parked: { Key: { } key } parked, Claimed.Count: > 0 })
        {
            await using var promote = sql.Parking.PromoteNext(context, transaction.GetDbTransaction(), parked.Endpoint, key);
            await promote.ExecuteNonQueryAsync(cancellationToken);
        }
        else if (!await RememberAsync(context, sql, attempt, cancellationToken) && sql.AbortsTransactionOnError && !context.GetService<OutboxSession>().CommitsIfAlive())
        {
            await EnsureAliveAsync(context, cancellationToken);
        }

        attempt.IsCommitting = true;
        await transaction.CommitAsync(cancellationToken);
        if (published)
        {
            database.Store.OnCommitted(attempt.FirstDue);
        }

        return attempt.Outcomes;
    }

    /// <summary>Makes the messages this transaction's, and finds out about those that are not.</summary>
    private static async Task ClaimAsync(TContext context, SqlDialect sql, Attempt attempt, CancellationToken cancellationToken)
    {
        attempt.Begin();
        if (attempt.Parked is { } parked)
        {
            await using var remove = sql.Parking.Remove(context, context.Database.CurrentTransaction!.GetDbTransaction(), parked);
            attempt.Claim(await remove.ExecuteNonQueryAsync(cancellationToken) > 0 ? [parked.MessageId] : [], held: []);
            return;
        }

        foreach (var stream in attempt.Streams)
        {
            if (await StreamGroup.MoveAsync(context, sql, attempt.Endpoint, stream, attempt.Outcomes, cancellationToken) is { } step)
            {
                attempt.Steps.Add(step);
            }
        }

        var unclaimed = attempt.Unclaimed;
        if (unclaimed.Count > 0)
        {
            var claimed = await sql.ClaimAsync(context, attempt.Endpoint, unclaimed, cancellationToken);
            attempt.Claim(claimed, claimed.Count == unclaimed.Count ? [] : await FindHeldAsync(context, sql, attempt.Endpoint, unclaimed, claimed, cancellationToken));
        }
    }

    /// <summary>
    /// What could not be claimed is a duplicate, unless nobody has claimed it: then its key is parked. Whose claim was waited for may have
    /// parked it meanwhile, and the statement that claimed the later ones of its key did not see that: so it is asked again.
    /// </summary>
    private static async Task<HashSet<Guid>> FindHeldAsync(
        TContext context, SqlDialect sql, string endpoint, List<MessageEnvelope> messages, HashSet<Guid> claimed, CancellationToken cancellationToken)
    {
        var held = new HashSet<Guid>();
        foreach (var message in messages.Where(message => message.Key is not null && !claimed.Contains(message.Id)))
        {
            if (!await IsClaimedAsync(context, sql, endpoint, message.Id, cancellationToken))
            {
                held.Add(message.Id);
            }
        }

        var keys = messages.Where(message => claimed.Contains(message.Id)).Select(message => message.Key).OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (messages.Any(message => held.Contains(message.Id) && keys.Contains(message.Key!))
            || (keys.Count > 0 && (await sql.Parking.ReadParkedKeysAsync(context, endpoint, keys, cancellationToken)).Count > 0))
        {
            throw new MessagingException("A message of the same key has been parked meanwhile; what was claimed behind it is given back and tried again.");
        }

        return held;
    }

    private static async Task<bool> IsClaimedAsync(TContext context, SqlDialect sql, string endpoint, Guid messageId, CancellationToken cancellationToken)
    {
        await using var command = sql.CountClaims(context, endpoint, messageId);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture) > 0;
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
            attempt.NoteDue(session.AwaitedDue);
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

    /// <summary>Remembers what was handled of streams. True if the database was asked to, which is as good a question to whether the transaction is alive.</summary>
    private static async Task<bool> RememberAsync(TContext context, SqlDialect sql, Attempt attempt, CancellationToken cancellationToken)
    {
        var hasAsked = false;
        foreach (var step in attempt.Steps)
        {
            hasAsked |= await StreamSteps.RememberAsync(context, sql, context.Database.CurrentTransaction!.GetDbTransaction(), step.Position, step.Handled, cancellationToken);
        }

        return hasAsked;
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
    /// Whether the positions are where the attempt has moved them, all that it claimed is claimed, or what was parked is parked no more. One claim tells nothing of the others: it may be another process's, which
    /// was given that message too and handled it after our transaction was lost. What has never asked for its commit has not committed, whatever things look like.
    /// </summary>
    private async Task<bool> VerifyAsync(Attempt attempt, CancellationToken cancellationToken)
        => attempt.IsCommitting && (attempt.Claimed.Count > 0 || attempt.Steps.Exists(step => step.Moves)) && await database.RunAsync(async (context, sql) =>
        {
            foreach (var step in attempt.Steps.Where(step => step.Moves))
            {
                var row = await StreamSteps.ReadAsync(context, sql, transaction: null, attempt.Endpoint, step.Position.Stream, cancellationToken);
                if (row?.Epoch != step.Position.Epoch || row.Next != step.To)
                {
                    return false;
                }
            }

            if (attempt.Parked is { } parked)
            {
                await using var command = sql.Parking.CountById(context, parked.Id);
                return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture) == 0;
            }

            foreach (var messageId in attempt.Claimed)
            {
                if (!await IsClaimedAsync(context, sql, attempt.Endpoint, messageId, cancellationToken))
                {
                    return false;
                }
            }

            return true;
        }, cancellationToken);

    private sealed record Attempt(string Endpoint, IReadOnlyList<Delivery> Messages, HandleInScope Handle, ParkedMessage? Parked)
    {
        /// <summary>What it does in streams, once that is known.</summary>
        public List<StreamStep> Steps { get; } = [];

        /// <summary>Those that come from streams, by stream. In the same order everywhere, so that two processes wait for each other and do not deadlock.</summary>
        public IEnumerable<IReadOnlyList<(Delivery Delivery, int Index)>> Streams => Messages.Select((delivery, index) => (delivery, index))
            .Where(each => each.delivery.Place is not null).GroupBy(each => each.delivery.Place!.Position)
            .OrderBy(stream => stream.Key.Stream, StringComparer.Ordinal).Select(stream => stream.ToList());

        /// <summary>Those that are to be claimed: the others are known by their position, or settled.</summary>
        public List<MessageEnvelope> Unclaimed => [.. Messages.Where((delivery, index) => NeedsClaim(delivery) && Outcomes[index] == HandlingOutcome.Handled).Select(delivery => delivery.Envelope)];

        /// <summary>Whether it has got as far as to ask for its commit.</summary>
        public bool IsCommitting { get; set; }

        public HandlingOutcome[] Outcomes { get; } = new HandlingOutcome[Messages.Count];

        /// <summary>The claims of this attempt: if they are all there afterwards, their messages are handled.</summary>
        public IReadOnlyCollection<Guid> Claimed { get; private set; } = [];

        /// <summary>When the first of the messages falls due that were scheduled; null if none was.</summary>
        public TimeSpan? FirstDue { get; private set; }

        public void NoteDue(TimeSpan? due) => FirstDue = EfMessageStore.Earlier(FirstDue, due);

        /// <summary>It may be run again: nothing that was found out before counts.</summary>
        public void Begin()
        {
            IsCommitting = false;
            Steps.Clear();
            Claimed = [];
            Array.Fill(Outcomes, HandlingOutcome.Handled);
        }

        public void Claim(HashSet<Guid> ids, HashSet<Guid> held)
        {
            Claimed = ids;
            for (var i = 0; i < Messages.Count; i++)
            {
                if (!NeedsClaim(Messages[i]) || Outcomes[i] != HandlingOutcome.Handled)
                {
                    continue;
                }

                var id = Messages[i].Envelope.Id;
                Outcomes[i] = ids.Contains(id) ? HandlingOutcome.Handled : held.Contains(id) ? HandlingOutcome.Held : HandlingOutcome.Duplicate;
            }
        }

        /// <summary>A copy of what has no key may be in another partition, whose owner does not know it.</summary>
        private static bool NeedsClaim(Delivery delivery) => delivery.Place is null || delivery.Envelope.Key is null;
    }
}
