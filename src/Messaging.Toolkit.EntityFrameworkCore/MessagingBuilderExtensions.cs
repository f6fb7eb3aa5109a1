using System.Diagnostics.CodeAnalysis;
using Messaging.Toolkit;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.EntityFrameworkCore.Writing;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Stores;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes a DbContext's database the store of messaging.</summary>
public static class EntityFrameworkCoreMessagingBuilderExtensions
{
    /// <summary>What EF Core reads of the class of a context.</summary>
    private const DynamicallyAccessedMemberTypes OfContexts
        = DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.NonPublicConstructors | DynamicallyAccessedMemberTypes.PublicProperties;

    private const string ModelsAreBuiltByReflection = "EF Core builds models and queries by reflection.";

    /// <summary>
    /// Keeps outbox, claims, leases, dead letters, schedules and sagas in the database of the context. Everything the context's options need is
    /// added to them, however it is registered: <c>AddDbContext</c>, <c>AddDbContextPool</c> or a factory, before or after.
    /// </summary>
    /// <typeparam name="TContext">The application's own context; its <c>OnModelCreating</c> calls <c>modelBuilder.AddMessaging()</c>.</typeparam>
    /// <param name="messaging">The builder.</param>
    /// <exception cref="MessagingConfigurationException">The context was added before.</exception>
    [RequiresUnreferencedCode(ModelsAreBuiltByReflection)]
    [RequiresDynamicCode(ModelsAreBuiltByReflection)]
    public static MessagingBuilder UseEntityFrameworkCore<[DynamicallyAccessedMembers(OfContexts)] TContext>(this MessagingBuilder messaging) where TContext : DbContext
    {
        var name = typeof(TContext).Name;
        if (messaging.Stores.Contains(name))
        {
            throw new MessagingConfigurationException([$"UseEntityFrameworkCore<{name}>() was called twice, or two contexts have that name: call it once for each context, and give them different names."]);
        }

        messaging.Stores.Add(name);
        messaging.Services.AddSingleton<EfMessageStore<TContext>>();
        messaging.Services.AddSingleton<IMessageStore>(services => services.GetRequiredService<EfMessageStore<TContext>>());
        messaging.Services.ConfigureDbContext<TContext>((services, options) =>
        {
            var extension = new MessagingExtension(services.GetRequiredService<EfMessageStore<TContext>>());
            ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension(extension);
            options.AddInterceptors(SaveInterceptor.Instance, TransactionInterceptor.Instance, AppendInterceptor.Instance);
        });
        return messaging;
    }

    /// <summary>Says which context's transactions the handlers of an endpoint run in. Needed where there are several.</summary>
    /// <typeparam name="TContext">A context given to <see cref="UseEntityFrameworkCore{TContext}"/>.</typeparam>
    /// <param name="endpoint">The endpoint.</param>
    public static EndpointBuilder UseDbContext<TContext>(this EndpointBuilder endpoint) where TContext : DbContext => endpoint.UseStore(typeof(TContext).Name);

    /// <summary>Says in which context's database a recurring schedule is kept. Needed where there are several.</summary>
    /// <typeparam name="TContext">A context given to <see cref="UseEntityFrameworkCore{TContext}"/>.</typeparam>
    /// <param name="recurring">The schedule.</param>
    public static RecurringBuilder UseDbContext<TContext>(this RecurringBuilder recurring) where TContext : DbContext => recurring.UseStore(typeof(TContext).Name);
}
