using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing;

/// <summary>An application that can be simulated. Created anew, by its parameterless constructor, for every life of a node.</summary>
public interface ISimulatedApplication
{
    /// <summary>
    /// Adds the application's contexts, <c>AddMessaging</c> and what its handlers need, as it does in production. Its databases
    /// are replaced by SQLite, its transport, clock and chance by simulated ones. Other hosted services are not started.
    /// </summary>
    void ConfigureServices(IServiceCollection services);
}
