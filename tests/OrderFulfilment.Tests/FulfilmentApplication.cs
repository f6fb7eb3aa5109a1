using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace OrderFulfilment.Tests;

/// <summary>The sample without HTTP, for the harness and the simulation. Both put SQLite in the place of its database.</summary>
public sealed class FulfilmentApplication : ISimulatedApplication
{
    public void ConfigureServices(IServiceCollection services) => services.AddOrderFulfilment(database => database.UseNpgsql("Host=nowhere"));
}
