using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>
/// How a context comes to a connection of its own, so that it can be given back to it. Contexts of a pool share their options, and so this, as finding out
/// costs more than the rest. Thread-safe.
/// </summary>
internal sealed class OwnConnection
{
    private static readonly ConditionalWeakTable<IDbContextOptions, OwnConnection> OfPools = [];

    private readonly RelationalOptionsExtension options;
    private bool? forgetsString;

    private OwnConnection(IDbContextOptions options) => this.options = RelationalOptionsExtension.Extract(options);

    public static OwnConnection Of(DbContext context)
    {
        var options = context.GetService<IDbContextOptions>();
        return context.ContextId.Lease == 0 ? new OwnConnection(options) : OfPools.GetValue(options, static options => new OwnConnection(options));
    }

    /// <summary>The string that it must be given back; null if there is none. To be asked for before it works on another connection.</summary>
    public string? StringOf(DatabaseFacade database) => options is { Connection: null, ConnectionString: not null } && forgetsString != false ? database.GetConnectionString() : null;

    /// <summary>Gives it back to a context that works on another connection.</summary>
    public void GiveBack(DatabaseFacade database, string? connectionString)
    {
        if (options.Connection is { } given)
        {
            database.SetDbConnection(given, options.IsConnectionOwned);
            return;
        }

        // Without a connection the context makes one again when it needs it, from its data source if it has one. Only if it has
        // none has it forgotten its string: given the string all the same, it would forget its data source, password and all.
        database.SetDbConnection(null, contextOwnsConnection: true);
        if (connectionString is null)
        {
            return;
        }

        forgetsString ??= string.IsNullOrEmpty(database.GetDbConnection().ConnectionString);
        if (forgetsString == true)
        {
            database.SetConnectionString(connectionString);
        }
    }
}
