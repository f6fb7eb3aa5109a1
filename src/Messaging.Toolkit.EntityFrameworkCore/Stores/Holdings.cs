using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>
/// What one transaction of an inbox is done with: scopes, contexts and the transaction itself, given up when it ends. If something was left running in one of the
/// contexts, the transaction is rolled back all the same as soon as it is not being used, and the rest is kept, of no use to what runs any more, until that
/// has ended: before that, a pooled context must not go to somebody else.
/// </summary>
/// <param name="store">Hears of what goes wrong.</param>
/// <param name="scope">The scope of the context whose connection it is.</param>
internal sealed class Holdings(EfMessageStore store, AsyncServiceScope scope) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private OutboxSession? leader;
    private List<Place>? leftBehind;

    public IServiceProvider Services => scope.ServiceProvider;

    public IDbContextTransaction? Transaction { get; set; }

    /// <summary>The context of the scope.</summary>
    public TContext Lead<TContext>() where TContext : DbContext
    {
        var context = Services.GetRequiredService<TContext>();
        leader = context.GetService<OutboxSession>();
        return context;
    }

    /// <summary>Ends another scope whose context has worked in the transaction, or keeps it if something still runs in it.</summary>
    public async Task EndAsync(AsyncServiceScope other, OutboxSession session, SharedConnection? connection)
    {
        if (session.LeftBehind is { } running)
        {
            (leftBehind ??= []).Add(new Place(running, session, other, connection));
            return;
        }

        if (connection is not null)
        {
            await connection.DisposeAsync();
        }

        await other.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (leader?.LeftBehind is { } running)
        {
            (leftBehind ??= []).Add(new Place(running, leader, Scope: null, Connection: null));
        }

        if (leftBehind is null)
        {
            await EndAsync();
            return;
        }

        _ = EndLaterAsync(leftBehind, isBarred: await TryGiveUpAsync(leftBehind));
    }

    /// <summary>Rolls back, and takes the connection away from what still runs. What is in the middle of using it at this moment must not lose it.</summary>
    private async Task<bool> TryGiveUpAsync(List<Place> places)
    {
        if (places.Exists(place => place.Session.IsSaving))
        {
            return false;
        }

        try
        {
            if (Transaction is { } transaction)
            {
                await transaction.RollbackAsync();
                Transaction = null;
                await transaction.DisposeAsync();
            }

            foreach (var place in places)
            {
                await place.BarAsync();
            }

            return true;
        }
        catch (Exception exception)
        {
            store.OnKept(exception);
            return false;
        }
    }

    private async Task EndLaterAsync(List<Place> places, bool isBarred)
    {
        // However it ends: who has left it behind tells that.
        var time = store.Time;
        var ended = Task.WhenAny(Task.WhenAll(places.Select(place => place.Running)));
        for (var pause = FirstPause; !isBarred && !ended.IsCompleted; pause = pause < LongestPause ? 2 * pause : LongestPause)
        {
            await Task.WhenAny(ended, Task.Delay(pause, time));
            isBarred = ended.IsCompleted || await TryGiveUpAsync(places);
        }

        await ended;
        try
        {
            foreach (var place in places)
            {
                await place.EndAsync();
            }

            await EndAsync();
        }
        catch (Exception exception)
        {
            store.OnKept(exception);
        }
    }

    private async Task EndAsync()
    {
        try
        {
            if (Transaction is not null)
            {
                await Transaction.DisposeAsync();
            }
        }
        finally
        {
            await scope.DisposeAsync();
        }
    }

    /// <summary>A context in which something still runs.</summary>
    private sealed record Place(Task Running, OutboxSession Session, AsyncServiceScope? Scope, SharedConnection? Connection)
    {
        private SharedConnection? connection = Connection;

        private bool isBarred;

        public async Task BarAsync()
        {
            if (isBarred)
            {
                return;
            }

            if (connection is null)
            {
                connection = SharedConnection.Bar(Session.Context);
            }
            else
            {
                await connection.BarAsync();
            }

            isBarred = true;
        }

        public async Task EndAsync()
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }

            if (Scope is { } own)
            {
                await own.DisposeAsync();
            }
        }
    }
}
