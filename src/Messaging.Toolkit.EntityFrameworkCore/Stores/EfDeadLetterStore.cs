using System.Data.Common;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfDeadLetterStore<TContext>(EfDatabase<TContext> database) : IDeadLetterStore where TContext : DbContext
{
    public async Task<bool> AddAsync(DeadLetter letter, IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        var isFirst = await database.WriteAsync((context, sql) => AddAsync(context, sql, letter, messages, cancellationToken), cancellationToken);
        if (messages.Count > 0)
        {
            // Even if it is not the first: the one before may have been ours, with the reply to its commit lost.
            database.Store.OnMessagesCommitted();
        }

        return isFirst;
    }

    private static async Task<bool> AddAsync(TContext context, SqlDialect sql, DeadLetter letter, IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        // ADO.NET's own: EF refuses to begin one with a strategy that retries, which the caller does here.
        await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
        await using var claim = sql.Claim(context, letter.Endpoint, letter.MessageId);
        await using var insert = sql.InsertDeadLetter(context, letter);
        claim.Transaction = insert.Transaction = transaction;
        var isFirst = await claim.ExecuteNonQueryAsync(cancellationToken) > 0;
        if (isFirst)
        {
            await insert.ExecuteNonQueryAsync(cancellationToken);
            await SendAsync(context, sql, messages, transaction, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return isFirst;
    }

    private static async Task SendAsync(TContext context, SqlDialect sql, IReadOnlyList<OutgoingMessage> messages, DbTransaction transaction, CancellationToken cancellationToken)
    {
        foreach (var command in sql.InsertMessages(context, transaction, messages))
        {
            await using (command)
            {
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
    }
}
