using System.Data.Common;
using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>
/// A transaction that the context's execution strategy may retry. If it does retry, a token row is written with it: when
/// the reply to a commit is lost, the row tells whether it took effect, whatever has become of the messages meanwhile.
/// </summary>
internal static class RetriedTransaction
{
    /// <summary>Not a possible name of an endpoint.</summary>
    private const string TokenEndpoint = "$transaction";

    public static void Run(DbContext context, OutboxSession session, Action work)
    {
        var strategy = context.Database.CreateExecutionStrategy();
        var token = session.Store.NewToken();
        strategy.Execute(
            token,
            (_, _) =>
            {
                using var transaction = context.Database.BeginTransaction();
                work();
                if (strategy.RetriesOnFailure)
                {
                    using var command = Token(context, session, token);
                    command.ExecuteNonQuery();
                }

                transaction.Commit();
                return true;
            },
            (_, _) =>
            {
                using var command = Verify(context, session, token);
                context.Database.OpenConnection();
                try
                {
                    return new ExecutionResult<bool>(Exists(command.ExecuteScalar()), true);
                }
                finally
                {
                    context.Database.CloseConnection();
                }
            });
    }

    public static Task RunAsync(DbContext context, OutboxSession session, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var strategy = context.Database.CreateExecutionStrategy();
        var token = session.Store.NewToken();
        return strategy.ExecuteAsync(
            token,
            async (_, _, cancel) =>
            {
                await using var transaction = await context.Database.BeginTransactionAsync(cancel);
                await work(cancel);
                if (strategy.RetriesOnFailure)
                {
                    await using var command = Token(context, session, token);
                    await command.ExecuteNonQueryAsync(cancel);
                }

                await transaction.CommitAsync(cancel);
                return true;
            },
            async (_, _, cancel) =>
            {
                await using var command = Verify(context, session, token);
                await context.Database.OpenConnectionAsync(cancel);
                try
                {
                    return new ExecutionResult<bool>(Exists(await command.ExecuteScalarAsync(cancel)), true);
                }
                finally
                {
                    await context.Database.CloseConnectionAsync();
                }
            },
            cancellationToken);
    }

    private static DbCommand Token(DbContext context, OutboxSession session, Guid token) => session.Store.Dialect(context).Claim(context, TokenEndpoint, token);

    private static DbCommand Verify(DbContext context, OutboxSession session, Guid token) => session.Store.Dialect(context).CountClaims(context, TokenEndpoint, token);

    private static bool Exists(object? count) => Convert.ToInt64(count, System.Globalization.CultureInfo.InvariantCulture) > 0;
}
