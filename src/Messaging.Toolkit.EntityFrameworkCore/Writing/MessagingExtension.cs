using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.Outbox;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.EntityFrameworkCore.Writing;

/// <summary>
/// Makes messaging a part of a DbContext: each instance gets an <see cref="OutboxSession"/> that lives, is reset and ends
/// with it, pooled or not, from DI or from a factory. The store travels in the context's options, never in a static.
/// </summary>
internal sealed class MessagingExtension(EfMessageStore store) : IDbContextOptionsExtension
{
    private ExtensionInfo? info;

    public EfMessageStore Store { get; } = store;

    public DbContextOptionsExtensionInfo Info => info ??= new ExtensionInfo(this);

    public void ApplyServices(IServiceCollection services) => services
        .AddScoped<OutboxSession>()
        .AddScoped<IResettableService>(scope => scope.GetRequiredService<OutboxSession>());

    public void Validate(IDbContextOptions options) { }

    private sealed class ExtensionInfo(IDbContextOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        public override bool IsDatabaseProvider => false;

        public override string LogFragment => "Messaging.Toolkit ";

        // The services are the same for every store: EF's internal provider can be shared.
        public override int GetServiceProviderHashCode() => 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["Messaging.Toolkit"] = "1";
    }
}
