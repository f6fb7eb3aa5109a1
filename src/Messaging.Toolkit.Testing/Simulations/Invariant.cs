using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Simulations;

/// <summary>Something that the application's user says is always so, or is so in the end.</summary>
internal sealed record Invariant(string Name, Type Context, Func<DbContext, Task<bool>> Holds)
{
    public static Invariant Of<TContext>(string name, Func<TContext, Task<bool>> holds) where TContext : DbContext
        => new(name, typeof(TContext), context => holds((TContext)context));

    /// <summary>Looks, from outside of all nodes.</summary>
    /// <param name="services">The application's services, over the plain database.</param>
    public bool Check(IServiceProvider services)
    {
        using var scope = services.CreateScope();

        // SQLite completes everything at once: nothing is waited for here.
        return Holds((DbContext)scope.ServiceProvider.GetRequiredService(Context)).GetAwaiter().GetResult();
    }
}
