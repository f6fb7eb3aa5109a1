using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>Gives the parts of a store a context of their own with an open connection, and the statements to run on it.</summary>
internal sealed class EfDatabase<TContext>(EfMessageStore store, IServiceScopeFactory scopes) where TContext : DbContext
{
    public EfMessageStore Store => store;

    /// <summary>The statements of this database.</summary>
    public SqlDialect Dialect
    {
        get
        {
            if (store.KnownDialect is { } known)
            {
                return known;
            }

            using var scope = scopes.CreateScope();
            return store.Dialect(scope.ServiceProvider.GetRequiredService<TContext>());
        }
    }

    /// <summary>Runs work on a new context with an open connection.</summary>
    public async Task<T> RunAsync<T>(Func<TContext, SqlDialect, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<TContext>();
        await context.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            return await work(context, store.Dialect(context));
        }
        finally
        {
            await context.Database.CloseConnectionAsync();
        }
    }

    /// <summary>As <see cref="RunAsync{T}"/>, for work that writes.</summary>
    public async Task<T> WriteAsync<T>(Func<TContext, SqlDialect, Task<T>> work, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(cancellationToken);
        return await RunAsync(work, cancellationToken);
    }

    /// <summary>Waits for this process's turn to write, where only one transaction at a time can.</summary>
    public async Task<IDisposable?> TakeTurnAsync(CancellationToken cancellationToken)
        => Dialect.HasOneWriter ? await store.Writer.TakeAsync(cancellationToken) : null;
}
