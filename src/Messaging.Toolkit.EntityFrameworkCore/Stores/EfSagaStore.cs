using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfSagaStore<TContext>(EfDatabase<TContext> database) : ISagaStore where TContext : DbContext
{
    public Task<SagaReading> ReadAsync(IServiceProvider scope, Guid id, CancellationToken cancellationToken)
    {
        var context = ContextOf(scope);
        return database.Store.Dialect(context).Sagas.ReadAsync(context, id, cancellationToken);
    }

    public async Task WriteAsync(IServiceProvider scope, SagaRecord record, IReadOnlyList<SagaHistoryEntry> history, CancellationToken cancellationToken)
    {
        var context = ContextOf(scope);
        foreach (var (command, rows) in database.Store.Dialect(context).Sagas.Write(context, record, history))
        {
            await using (command)
            {
                if (await command.ExecuteNonQueryAsync(cancellationToken) != rows)
                {
                    throw new SagaConflictException(record.Id);
                }
            }
        }
    }

    public async Task SaveAsync(IServiceProvider scope, CancellationToken cancellationToken)
    {
        // If it fails the attempt ends, so a savepoint would only cost round trips.
        var context = ContextOf(scope);
        var savepoints = context.Database.AutoSavepointsEnabled;
        context.Database.AutoSavepointsEnabled = false;
        await context.SaveChangesAsync(cancellationToken);
        context.Database.AutoSavepointsEnabled = savepoints;
    }

    /// <summary>It is asked every second, and nearly always there is nothing: so it looks first, without a transaction and without a turn to write.</summary>
    public async Task<int> SendDueAsync(
        IReadOnlyCollection<string> definitions, int count, TimeSpan again, Func<DueSaga, IReadOnlyList<OutgoingMessage>> toMessages, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (definitions.Count == 0 || !await IsAnyDueAsync(definitions, cancellationToken))
        {
            return 0;
        }

        var sent = await TakeDueAsync(definitions, count, again, toMessages, cancellationToken);
        if (sent > 0)
        {
            database.Store.OnMessagesCommitted();
        }

        return sent;
    }

    private Task<bool> IsAnyDueAsync(IReadOnlyCollection<string> definitions, CancellationToken cancellationToken)
        => database.RunAsync(async (context, sql) =>
        {
            await using var command = sql.Sagas.ReadDue(context, null, definitions, count: 1);
            return await command.ExecuteScalarAsync(cancellationToken) is not null;
        }, cancellationToken);

    private Task<int> TakeDueAsync(
        IReadOnlyCollection<string> definitions, int count, TimeSpan again, Func<DueSaga, IReadOnlyList<OutgoingMessage>> toMessages, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            var now = await sql.ReadNowAsync(context, cancellationToken);
            await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
            var due = await sql.Sagas.TakeDueAsync(context, transaction, definitions, count, now + again, cancellationToken);
            foreach (var command in sql.InsertMessages(context, transaction, [.. due.SelectMany(toMessages)]))
            {
                await using (command)
                {
                    await command.ExecuteNonQueryAsync(cancellationToken);
                }
            }

            await transaction.CommitAsync(cancellationToken);
            return due.Count;
        }, cancellationToken);

    /// <summary>The context of the handler's transaction: without one, the lock of a row would end before it was of any use.</summary>
    private static TContext ContextOf(IServiceProvider scope)
    {
        var context = scope.GetRequiredService<TContext>();
        return context.Database.CurrentTransaction is not null
            ? context
            : throw new InvalidOperationException($"{typeof(TContext).Name} has no transaction: instances are read and written in that of a handler.");
    }
}
