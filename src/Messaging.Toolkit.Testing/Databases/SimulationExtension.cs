using Messaging.Toolkit.Testing.Nodes;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>Tells a context in which world, and in which life of a node, it is.</summary>
internal sealed class SimulationExtension(SimulatedDatabase database, NodeLife life) : IDbContextOptionsExtension
{
    private ExtensionInfo? info;

    public SimulatedDatabase Database => database;

    public NodeLife Life => life;

    public DbContextOptionsExtensionInfo Info => info ??= new ExtensionInfo(this);

    public void ApplyServices(IServiceCollection services) { }

    public void Validate(IDbContextOptions options) { }

    private sealed class ExtensionInfo(IDbContextOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        public override bool IsDatabaseProvider => false;

        public override string LogFragment => "simulated ";

        public override int GetServiceProviderHashCode() => 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["Messaging.Toolkit.Testing"] = "1";
    }
}
