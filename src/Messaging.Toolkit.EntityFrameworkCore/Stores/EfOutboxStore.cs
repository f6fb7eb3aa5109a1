using System.Transactions;
using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Scheduling;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfOutboxStore<TContext>(EfDatabase<TContext> database) : IOutboxStore where TContext : DbContext
{
    public async Task<IReadOnlyList<OutboxRecord>> ReadAsync(OutboxQuery query, CancellationToken cancellationToken)
        => await database.RunAsync((context, sql) => sql.ReadMessagesAsync(context, query, Watcher, cancellationToken), cancellationToken);

    public Task DeleteAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            await using var command = sql.DeleteMessages(context, ids);
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }, cancellationToken);

    /// <summary>By a save with nothing but messages, which waits for its turn itself.</summary>
    public async Task AppendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        // A TransactionScope around the call is the caller's, and this transaction is not.
        using var apart = new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        await database.RunAsync(async (context, _) =>
        {
            context.GetService<OutboxSession>().Add(messages);
            return await context.SaveChangesAsync(cancellationToken);
        }, cancellationToken);
    }

    public Task<IReadOnlyList<string>> ReadDestinationsAsync(CancellationToken cancellationToken)
        => database.RunAsync<IReadOnlyList<string>>(async (context, sql) =>
        {
            await using var command = sql.ReadDestinations(context);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var destinations = new List<string>();
            while (await reader.ReadAsync(cancellationToken))
            {
                destinations.Add(reader.GetString(0));
            }

            return destinations;
        }, cancellationToken);

    private IScheduleWatcher? Watcher => database.Store.ScheduleWatcher is { WantsLook: true } watcher ? watcher : null;
}
