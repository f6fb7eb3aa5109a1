using Messaging.Toolkit.DeadLetters;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfDeadLetterStore<TContext>(EfDatabase<TContext> database) : IDeadLetterStore where TContext : DbContext
{
    public Task<bool> AddAsync(DeadLetter letter, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
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
            }

            await transaction.CommitAsync(cancellationToken);
            return isFirst;
        }, cancellationToken);
}
