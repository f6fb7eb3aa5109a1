using Messaging.Toolkit.DeadLetters;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

internal sealed class EfDeadLetterStore<TContext>(EfDatabase<TContext> database) : IDeadLetterStore where TContext : DbContext
{
    public Task AddAsync(DeadLetter letter, CancellationToken cancellationToken)
        => database.WriteAsync(async (context, sql) =>
        {
            await using var command = sql.InsertDeadLetter(context, letter);
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }, cancellationToken);
}
