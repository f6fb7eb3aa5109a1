using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>Adds messages to the one command of a save that needs no transaction without them, so that it needs none with them either.</summary>
internal sealed class AppendInterceptor : DbCommandInterceptor
{
    public static readonly AppendInterceptor Instance = new();

    public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
    {
        Append(command, eventData, result);
        return result;
    }

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        Append(command, eventData, result);
        return new(result);
    }

    /// <summary>If EF has begun a transaction, the messages are written when it commits. If somebody else has executed the command, they are written at the end.</summary>
    private static void Append(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
    {
        if (eventData is { CommandSource: CommandSource.SaveChanges, Context: { } context } && command.Transaction is null && !result.HasResult)
        {
            context.GetService<OutboxSession>().AppendTo(command);
        }
    }
}
