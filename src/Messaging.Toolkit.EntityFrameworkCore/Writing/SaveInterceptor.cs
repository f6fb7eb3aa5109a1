using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>Tells a context's session when a save begins and ends, and writes what is to be written at its end.</summary>
internal sealed class SaveInterceptor : SaveChangesInterceptor
{
    public static readonly SaveInterceptor Instance = new();

    public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        SessionOf(eventData).BeginSave();
        return result;
    }

    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        SessionOf(eventData).BeginSave();
        return new(result);
    }

    public override int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        var session = SessionOf(eventData);
        session.OnSaved();
        if (session.WritesAtEnd)
        {
            session.BeginWritingAtEnd();
            MessageWriter.WriteAtEnd(eventData.Context!, session);
        }

        session.EndSave();
        return result;
    }

    public override ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        var session = SessionOf(eventData);
        session.OnSaved();
        if (session.WritesAtEnd)
        {
            return WithoutContext.Run(() => WriteAtEndAsync(eventData.Context!, session, result, cancellationToken));
        }

        session.EndSave();
        return new(result);
    }

    public override void SaveChangesFailed(DbContextErrorEventData eventData) => SessionOf(eventData).AbortSave();

    public override Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        SessionOf(eventData).AbortSave();
        return Task.CompletedTask;
    }

    public override void SaveChangesCanceled(DbContextEventData eventData) => SessionOf(eventData).AbortSave();

    public override Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken = default)
    {
        SessionOf(eventData).AbortSave();
        return Task.CompletedTask;
    }

    private static async ValueTask<int> WriteAtEndAsync(DbContext context, OutboxSession session, int result, CancellationToken cancellationToken)
    {
        session.BeginWritingAtEnd();
        await MessageWriter.WriteAtEndAsync(context, session, cancellationToken);
        session.EndSave();
        return result;
    }

    private static OutboxSession SessionOf(DbContextEventData eventData) => eventData.Context!.GetService<OutboxSession>();
}
