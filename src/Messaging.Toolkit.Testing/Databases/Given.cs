using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>What a database holds before any node starts.</summary>
internal sealed record Given(Type Context, Func<DbContext, Task> Prepare)
{
    public static Given Of<TContext>(Func<TContext, Task> prepare) where TContext : DbContext
        => new(typeof(TContext), context => prepare((TContext)context));
}
