using Messaging.Toolkit.Testing.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking.Internal;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Messaging.Toolkit.Testing.Nodes;

/// <summary>
/// A context's options as the application has made them, with SQLite in the place of its database: so that an application
/// that runs on PostgreSQL is simulated as it is.
/// </summary>
internal static class NodeOptions
{
    /// <summary>Puts the database in the place of the context's own.</summary>
    public static void UseSqlite(IServiceCollection services, Type contextType, string connectionString, Action<DbContextOptionsBuilder>? simulate = null)
        => typeof(NodeOptions).GetMethod(nameof(UseSqliteFor), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!
            .MakeGenericMethod(contextType)
            .Invoke(null, [services, connectionString, simulate]);

    /// <summary>Makes the context's calls take virtual time and fail.</summary>
    public static void Simulate(DbContextOptionsBuilder options, SimulatedDatabase database, NodeLife life)
    {
#pragma warning disable EF1001 // See there.
        options.ReplaceService<ISqliteRelationalConnection, SimulatedRelationalConnection>();
        options.ReplaceService<IStateManager, SimulatedStateManager>();
#pragma warning restore EF1001
        ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension(new SimulationExtension(database, life));
    }

    private static void UseSqliteFor<TContext>(IServiceCollection services, string connectionString, Action<DbContextOptionsBuilder>? simulate) where TContext : DbContext
    {
        var registered = services.LastOrDefault(service => service.ServiceType == typeof(DbContextOptions<TContext>))
                         ?? throw new InvalidOperationException($"{typeof(TContext).Name} is not registered: call services.AddDbContext<{typeof(TContext).Name}>(...) in ConfigureServices.");

        // Made once: a run makes thousands of contexts, and would spend its time on their options.
        DbContextOptions<TContext>? made = null;
        services.Replace(new ServiceDescriptor(typeof(DbContextOptions<TContext>), scope =>
        {
            var options = new DbContextOptionsBuilder<TContext>(made ??= Build<TContext>(scope, connectionString, simulate));
            return options.UseApplicationServiceProvider(scope).Options;
        }, registered.Lifetime));
    }

    private static DbContextOptions<TContext> Build<TContext>(IServiceProvider scope, string connectionString, Action<DbContextOptionsBuilder>? simulate) where TContext : DbContext
    {
        var own = new DbContextOptionsBuilder<TContext>();
        own.UseApplicationServiceProvider(scope);
        foreach (var configuration in scope.GetServices<IDbContextOptionsConfiguration<TContext>>())
        {
            configuration.Configure(scope, own);
        }

        var options = new DbContextOptionsBuilder<TContext>();
        foreach (var extension in own.Options.Extensions.Where(extension => !extension.Info.IsDatabaseProvider))
        {
            ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension(extension);
        }

        options.UseSqlite(connectionString);
        simulate?.Invoke(options);
        return options.Options;
    }
}
