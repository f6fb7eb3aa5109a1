using System.Data.Common;
using System.Transactions;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>
/// The messages that wait in one DbContext, and when they are written: always as the last thing of the transaction, when
/// the locks of the rows it changed are held. Ids drawn then are, for transactions that meet on a row, in the order of
/// their commits.
/// </summary>
/// <remarks>
/// In a transaction that EF begins for <c>SaveChanges</c> that is just before its commit; in one of the caller's it is
/// the end of each <c>SaveChanges</c>. A save that has nothing but messages gets a transaction of its own. Messages stay,
/// with their ids, until a save has succeeded: a save that is retried writes them again.
/// </remarks>
internal sealed class OutboxSession(ICurrentDbContext current, IDbContextOptions options) : IOutboxSession, IResettableService, IDisposable
{
    private readonly EfMessageStore store = options.FindExtension<MessagingExtension>()!.Store;
    private readonly List<PendingChange> pending = [];

    /// <summary>Written in the caller's transaction by a save that did not accept its changes: it may be repeated in the next transaction.</summary>
    private readonly List<PendingChange> unaccepted = [];

    private AutoTransactionBehavior? callersBehavior;
    private bool isSaving;
    private bool acceptsChanges = true;
    private bool isInCallersTransaction;
    private IDbContextTransaction? callersTransaction;
    private bool isAwaitingCommit;
    private TimeSpan? awaitedDue;
    private bool isBroken;

    /// <summary>Whether the last that was heard of the messages that wait is a save that failed: who called it knows already that they are not saved.</summary>
    private bool isKnownToBeUnsaved;

    /// <summary>How many of the messages that wait are written in the transaction of the running save.</summary>
    private int written;

    /// <summary>How many of the messages that wait belong to rows of a transaction that must not commit.</summary>
    private int doomed;

    /// <summary>The running save may do without a transaction, because its one command writes the messages too.</summary>
    private bool appends;

    /// <summary>It has done so.</summary>
    private bool hasAppended;

    /// <summary>The next commit is to find out whether the transaction is alive.</summary>
    private bool asksAtCommit;

    private IDisposable? turn;
    private volatile Task? leftBehind;

    public MessageContext? Cause { get; set; }

    public bool CanWriteBeside => !store.Dialect(Context).HasOneWriter;

    public EfMessageStore Store => store;

    /// <summary>What still runs in the unit of work although that was given up; null if it was not.</summary>
    public Task? LeftBehind => leftBehind;

    /// <summary>Whether a save is under way.</summary>
    public bool IsSaving => isSaving;

    /// <summary>Whether messages were written in a transaction whose commit was not seen.</summary>
    public bool IsAwaitingCommit => isAwaitingCommit;

    /// <summary>When the first scheduled one of them falls due; null if there is none.</summary>
    public TimeSpan? AwaitedDue => awaitedDue;

    /// <summary>Whether the transaction about to be committed is the one of the running save, and messages wait for it.</summary>
    public bool WritesAtCommit => isSaving && !isInCallersTransaction && pending.Count > 0;

    /// <summary>
    /// Whether messages wait although the save is done: in the caller's transaction, because there was nothing else to save,
    /// or because another interceptor has published after the commit.
    /// </summary>
    public bool WritesAtEnd => pending.Count > written;

    /// <summary>Whether the end of the save needs a transaction, which writes the messages when it commits.</summary>
    public bool NeedsTransaction => !isInCallersTransaction;

    public DbContext Context => current.Context;

    public void LeaveBehind(Task running) => leftBehind = running;

    public void Add(IReadOnlyList<OutgoingMessage> messages)
    {
        RefuseLeftBehind();
        foreach (var message in messages)
        {
            Add(new PendingChange(message, null));
        }
    }

    public void Record(JournalEntry entry)
    {
        if (store.Dialect(Context).Journal.IsOpen)
        {
            RefuseLeftBehind();
            Add(new PendingChange(null, null, entry));
        }
    }

    public void Cancel(string scheduleId)
    {
        RefuseLeftBehind();
        Add(new PendingChange(null, scheduleId));
    }

    /// <summary>Forgets what waits, without a word: the unit of work failed, or its owner said so.</summary>
    public void Discard()
    {
        pending.Clear();
        unaccepted.Clear();
        written = doomed = 0;
        StopWatching();
    }

    /// <exception cref="MessagingException">The unit of work was given up.</exception>
    public void BeginSave()
    {
        RefuseLeftBehind();
        if (hasAppended)
        {
            // A save within the end of another one: what that has written is committed.
            OnSaved();
        }

        isSaving = true;
        written = 0;
        callersTransaction = Context.Database.CurrentTransaction;
        isInCallersTransaction = callersTransaction is not null
                                 || Context.Database.GetEnlistedTransaction() is not null
                                 || Transaction.Current is not null;
        appends = pending.Count > 0 && !isInCallersTransaction && unaccepted.Count == 0 && doomed == 0 && !isBroken && callersBehavior == AutoTransactionBehavior.WhenNeeded && AppendRules.MayAppend(Context, store, pending);
        if (callersBehavior is not null)
        {
            // Said anew for each save: nobody hears of one that fails before EF has begun with it.
            Context.Database.AutoTransactionBehavior = appends ? AutoTransactionBehavior.WhenNeeded : AutoTransactionBehavior.Always;
        }
    }

    /// <summary>
    /// Adds the messages to the only command of a save. It inserts a row, or fails: an update may find that somebody else was first, which EF notices when it is too late
    /// to take the messages back.
    /// </summary>
    /// <exception cref="MessagingException">Another interceptor has added changes meanwhile that need a transaction.</exception>
    public void AppendTo(DbCommand command)
    {
        if (!appends)
        {
            return;
        }

        if (!command.CommandText.StartsWith("INSERT INTO ", StringComparison.Ordinal))
        {
            throw new MessagingException(
                $"{Context.GetType().Name} saves something else than the new row that messaging has seen, and messages wait: an interceptor has changed it meanwhile. Register that before AddMessaging's store, or set Database.AutoTransactionBehavior to Always.");
        }

        // What was published since then and cannot be written here is written at the end.
        var dialect = store.Dialect(Context);
        var messages = pending.TakeWhile(change => AppendRules.IsAppendable(change, dialect)).Take(dialect.MaxAppended).Select(change => change.Message!).ToList();
        dialect.AppendMessages(command, messages);
        hasAppended = true;
        Written(messages.Count);
    }

    /// <summary>A save has succeeded. If its command has written the messages, they are committed.</summary>
    public void OnSaved()
    {
        if (hasAppended)
        {
            OnCommitted();
        }

        StopAppending();
    }

    /// <summary>The rows are saved, and messages still wait. Another save within this one may have ended meanwhile.</summary>
    public void BeginWritingAtEnd() => isSaving = true;

    /// <summary>Whether the transaction about to begin should wait for its turn: it is the running save's own, it will have messages, and the database has one writer.</summary>
    public bool NeedsTurn => turn is null && WritesAtCommit && store.Dialect(Context).HasOneWriter;

    public void HoldTurn(IDisposable taken) => turn = taken;

    /// <summary>
    /// Call before writing at the end. EF passes over a connection that is lost when it releases its savepoint; the next one it
    /// opens has no transaction, and messages written there would be sent although the rows are rolled back.
    /// </summary>
    /// <exception cref="MessagingException">The caller's transaction is gone.</exception>
    public void EnsureSameTransaction()
    {
        if (callersTransaction is not null && Context.Database.CurrentTransaction != callersTransaction)
        {
            throw new MessagingException("The transaction was lost in the middle of SaveChanges, with the rows that it had saved: nothing of it is in the database. Begin it again.");
        }
    }

    /// <summary>
    /// Has the next commit fail if the transaction is dead, without a question before it. False if that cannot be: the transaction interceptors of others
    /// are told of a commit before it happens, and would come too late after one of ours.
    /// </summary>
    public bool CommitsIfAlive() => asksAtCommit = options.FindExtension<CoreOptionsExtension>()?.Interceptors?.OfType<IDbTransactionInterceptor>().Count() == 1
                                                   && !Context.GetInfrastructure().GetServices<IInterceptor>().OfType<IDbTransactionInterceptor>().Any();

    /// <summary>The command that commits, if it is one that asks. Null if the transaction commits as always.</summary>
    public DbCommand? TakeCommit()
    {
        var asks = asksAtCommit;
        asksAtCommit = false;
        return asks ? store.Dialect(Context).CommitIfAlive(Context) : null;
    }

    /// <summary>The commands that write what waits. Execute all of them, then call <see cref="Written()"/>.</summary>
    public IEnumerable<DbCommand> CreateCommands(DbTransaction? transaction) => PendingChange.ToCommands(pending, store.Dialect(Context), Context, transaction);

    public void Written() => Written(pending.Count);

    private void Written(int count)
    {
        written = count;
        isAwaitingCommit |= pending.Exists(change => change.Entry is null);
        awaitedDue = EfMessageStore.Earlier(awaitedDue, store.FirstDueIn(pending));
    }

    /// <summary>
    /// Messages could not be written in the caller's transaction, which already has the rows they belong to: it must not commit.
    /// If EF takes those rows for saved, the messages go with them when the transaction ends.
    /// </summary>
    public void Break()
    {
        isBroken = isInCallersTransaction;
        doomed = isBroken && acceptsChanges ? pending.Count : 0;
    }

    public void EndSave()
    {
        EndTurn();
        if (written > 0)
        {
            if (Transaction.Current is { } ambient && isAwaitingCommit)
            {
                var due = awaitedDue;
                ambient.TransactionCompleted += (_, _) => store.OnCommitted(due);
            }

            if (!acceptsChanges)
            {
                unaccepted.AddRange(pending[..written]);
            }

            isBroken = false;
            Forget(written);
        }

        isSaving = false;
        acceptsChanges = true;
    }

    public void AbortSave()
    {
        EndTurn();
        if (hasAppended && acceptsChanges && !AppendRules.IsAnyAdded(Context))
        {
            // EF has accepted the save; what has failed is somebody who heard of it before us.
            OnCommitted();
        }

        StopAppending();
        isSaving = false;
        acceptsChanges = true;
        written = 0;
        isKnownToBeUnsaved = true;
    }

    /// <exception cref="MessagingException">Messages of this transaction could not be written.</exception>
    public void EnsureCommittable()
    {
        if (isBroken)
        {
            throw new MessagingException(
                "Messages of this transaction could not be written, so it cannot be committed without losing them: roll it back. SaveChanges threw the cause.");
        }
    }

    /// <summary>Another transaction begins or is used: the one before it has ended, whether EF saw how or not.</summary>
    public void OnStarted()
    {
        written = 0;
        ForgetDoomed();
        TakeBackUnaccepted();
        SignalCommit();
    }

    public void OnCommitted()
    {
        // Of a save's own transaction: what is written is done with, even if another save begins before this one has ended.
        Forget(written);
        unaccepted.Clear();
        SignalCommit();
    }

    public void OnRolledBack()
    {
        ForgetDoomed();
        TakeBackUnaccepted();
        StopAwaitingCommit();
    }

    /// <summary>The commit is somebody else's to see.</summary>
    public void StopAwaitingCommit()
    {
        isAwaitingCommit = false;
        awaitedDue = null;
    }

    void IResettableService.ResetState() => End();

    Task IResettableService.ResetStateAsync(CancellationToken cancellationToken)
    {
        End();
        return Task.CompletedTask;
    }

    public void Dispose() => End();

    private void End()
    {
        if (pending.Count > 0 && !isKnownToBeUnsaved)
        {
            store.OnUnsaved(pending);
        }

        pending.Clear();

        // The context's own reset has put AutoTransactionBehavior back, or there is no context any more.
        callersBehavior = null;
        Cause = null;
        leftBehind = null;
        unaccepted.Clear();
        isSaving = isBroken = isKnownToBeUnsaved = appends = hasAppended = asksAtCommit = false;
        acceptsChanges = true;
        written = doomed = 0;
        EndTurn();

        // A commit that EF did not see (UseTransaction, a shared connection) may have happened: looking costs little.
        SignalCommit();
    }

    private void StopAppending()
    {
        if (appends && callersBehavior is not null)
        {
            Context.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
        }

        appends = hasAppended = false;
    }

    private void Add(PendingChange change)
    {
        Watch();
        if (appends && !hasAppended && (pending.Count >= store.Dialect(Context).MaxAppended || !AppendRules.IsAppendable(change, store.Dialect(Context))))
        {
            // EF has not begun with the save yet, and gives it a transaction then.
            StopAppending();
        }

        pending.Add(change);
        isKnownToBeUnsaved = false;
    }

    private void RefuseLeftBehind()
    {
        if (leftBehind is not null)
        {
            throw new MessagingException(BarredConnection.Reason);
        }
    }

    private void SignalCommit()
    {
        if (isAwaitingCommit)
        {
            isAwaitingCommit = false;
            store.OnCommitted(awaitedDue);
            awaitedDue = null;
        }
    }

    private void EndTurn()
    {
        turn?.Dispose();
        turn = null;
    }

    /// <summary>Forgets the first messages: they are written, or the transaction they belong to is gone.</summary>
    private void Forget(int count)
    {
        pending.RemoveRange(0, count);
        written = doomed = 0;
        if (pending.Count == 0)
        {
            StopWatching();
        }
    }

    private void ForgetDoomed()
    {
        isBroken = false;
        Forget(doomed);
    }

    private void TakeBackUnaccepted()
    {
        if (unaccepted.Count > 0)
        {
            Watch();
            pending.InsertRange(0, unaccepted);
            unaccepted.Clear();
        }
    }

    private void Watch()
    {
        if (callersBehavior is not null)
        {
            return;
        }

        // From now on even a save of a single row needs a transaction, whoever published in it and when.
        callersBehavior = Context.Database.AutoTransactionBehavior;
        Context.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;

        // Interceptors do not hear of these: how a save treats its changes, and that it met somebody else's.
        Context.SavingChanges += OnSavingChanges;
        Context.SaveChangesFailed += OnSaveChangesFailed;
    }

    private void StopWatching()
    {
        if (callersBehavior is { } behavior)
        {
            callersBehavior = null;
            Context.Database.AutoTransactionBehavior = behavior;
            Context.SavingChanges -= OnSavingChanges;
            Context.SaveChangesFailed -= OnSaveChangesFailed;
        }
    }

    private void OnSavingChanges(object? sender, SavingChangesEventArgs save) => acceptsChanges = save.AcceptAllChangesOnSuccess;

    private void OnSaveChangesFailed(object? sender, SaveChangesFailedEventArgs failure) => AbortSave();
}
