using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>
/// Lets a context work in another one's transaction, and gives it its own connection back afterwards: a pooled context
/// goes on to somebody else.
/// </summary>
internal sealed class SharedConnection : IAsyncDisposable
{
    private readonly DatabaseFacade database;
    private readonly OwnConnection own;
    private IDbContextTransaction? handle;

    private SharedConnection(DbContext context)
    {
        database = context.Database;
        own = new OwnConnection(context);
    }

    public static async Task<SharedConnection> JoinAsync(DbContext context, DbContext leader, DbTransaction transaction, CancellationToken cancellationToken)
    {
        var shared = new SharedConnection(context);
        try
        {
            context.Database.SetDbConnection(leader.Database.GetDbConnection(), contextOwnsConnection: false);
            shared.handle = await context.Database.UseTransactionAsync(transaction, cancellationToken);
            return shared;
        }
        catch
        {
            await shared.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives a context no connection until this is disposed. Its transaction has ended.</summary>
    public static SharedConnection Bar(DbContext context)
    {
        var shared = new SharedConnection(context);
        context.Database.SetDbConnection(new BarredConnection(), contextOwnsConnection: true);
        return shared;
    }

    /// <summary>Gives the context that has joined no connection until this is disposed. The transaction has ended.</summary>
    public async Task BarAsync()
    {
        await LeaveAsync();
        database.SetDbConnection(new BarredConnection(), contextOwnsConnection: true);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await LeaveAsync();
        }
        finally
        {
            own.GiveBack();
        }
    }

    private async Task LeaveAsync()
    {
        if (handle is not null)
        {
            await handle.DisposeAsync();
            handle = null;
        }
    }
}
