using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace SpaceProvisioning.Tests;

/// <summary>The sample without HTTP, for the harness and the simulation. Both put SQLite in the place of its database.</summary>
public sealed class SpaceApplication : ISimulatedApplication
{
    public void ConfigureServices(IServiceCollection services) => services.AddSpaceProvisioning(database => database.UseNpgsql("Host=nowhere"));
}
