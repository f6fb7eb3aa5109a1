using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>The connection that a context would have by itself, so that it can be given back to it after work on another one.</summary>
internal sealed class OwnConnection
{
    /// <summary>Contexts of a pool share their options, and looking into them costs more than all the rest.</summary>
    private static readonly ConditionalWeakTable<IDbContextOptions, RelationalOptionsExtension> OptionsOfPools = [];

    private readonly DatabaseFacade database;
    private readonly RelationalOptionsExtension options;
    private readonly string? connectionString;

    /// <summary>Remembers it. To be called before the context works on another one: connections forget their password once they are open.</summary>
    public OwnConnection(DbContext context)
    {
        database = context.Database;
        var all = context.GetService<IDbContextOptions>();
        options = context.ContextId.Lease == 0 ? RelationalOptionsExtension.Extract(all) : OptionsOfPools.GetValue(all, RelationalOptionsExtension.Extract);

        // Not that of the options: a tenant's context may have been given another one.
        connectionString = options.Connection is null ? database.GetConnectionString() : null;
    }

    public void GiveBack()
    {
        if (options.Connection is { } given)
        {
            // If the context owns it EF has disposed it, and the context is of no more use, as it is of no more use to its handler.
            database.SetDbConnection(given, options.IsConnectionOwned);
            return;
        }

        // Without a connection the context makes one again when it needs it, from its data source if it has one. Only if it has
        // none has it forgotten its string: given the string all the same, it would forget its data source, password and all.
        database.SetDbConnection(null, contextOwnsConnection: true);
        if (connectionString is not null && string.IsNullOrEmpty(database.GetConnectionString()))
        {
            database.SetConnectionString(connectionString);
        }
    }
}
