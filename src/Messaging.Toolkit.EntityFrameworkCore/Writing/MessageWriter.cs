using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>Executes what a session wants written, synchronously and asynchronously.</summary>
internal static class MessageWriter
{
    public static void Write(OutboxSession session, DbTransaction? transaction)
    {
        foreach (var command in session.CreateCommands(transaction))
        {
            using (command)
            {
                command.ExecuteNonQuery();
            }
        }

        session.Written();
    }

    public static async Task WriteAsync(OutboxSession session, DbTransaction? transaction, CancellationToken cancellationToken)
    {
        foreach (var command in session.CreateCommands(transaction))
        {
            await using (command)
            {
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }

        session.Written();
    }

    /// <summary>Writes what waits at the end of a save: in the caller's transaction, or in one whose commit writes it.</summary>
    public static void WriteAtEnd(DbContext context, OutboxSession session)
    {
        if (session.NeedsTransaction)
        {
            RetriedTransaction.Run(context, session, static () => { });
            return;
        }

        try
        {
            context.Database.OpenConnection();
            try
            {
                session.EnsureSameTransaction();
                Write(session, context.Database.CurrentTransaction?.GetDbTransaction());
            }
            finally
            {
                context.Database.CloseConnection();
            }
        }
        catch
        {
            session.Break();
            session.AbortSave();
            throw;
        }
    }

    /// <inheritdoc cref="WriteAtEnd"/>
    public static async Task WriteAtEndAsync(DbContext context, OutboxSession session, CancellationToken cancellationToken)
    {
        if (session.NeedsTransaction)
        {
            await RetriedTransaction.RunAsync(context, session, static _ => Task.CompletedTask, cancellationToken);
            return;
        }

        try
        {
            await context.Database.OpenConnectionAsync(cancellationToken);
            try
            {
                session.EnsureSameTransaction();
                await WriteAsync(session, context.Database.CurrentTransaction?.GetDbTransaction(), cancellationToken);
            }
            finally
            {
                await context.Database.CloseConnectionAsync();
            }
        }
        catch
        {
            session.Break();
            session.AbortSave();
            throw;
        }
    }
}
