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
    private readonly RelationalOptionsExtension options;
    private readonly string? connectionString;
    private IDbContextTransaction? handle;

    private SharedConnection(DbContext context)
    {
        database = context.Database;
        options = RelationalOptionsExtension.Extract(context.GetService<IDbContextOptions>());

        // Asked of the context and before joining: connections forget their password once they are open.
        connectionString = options is { Connection: null, ConnectionString: not null } ? database.GetConnectionString() : null;
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
        await LeaveAsync();

        if (options.Connection is { } given)
        {
            database.SetDbConnection(given, options.IsConnectionOwned);
            return;
        }

        // Without a connection the context makes one again when it needs it, from its data source if it has one. Only if it has
        // none has it forgotten its string: given the string all the same, it would forget its data source, password and all.
        database.SetDbConnection(null, contextOwnsConnection: true);
        if (connectionString is not null && string.IsNullOrEmpty(database.GetDbConnection().ConnectionString))
        {
            database.SetConnectionString(connectionString);
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
