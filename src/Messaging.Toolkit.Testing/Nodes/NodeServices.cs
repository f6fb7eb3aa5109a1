using System.Collections.Frozen;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Testing.Checks;
using Messaging.Toolkit.Testing.Databases;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Testing.Nodes;

/// <summary>
/// The application's own services, with the world outside replaced: its clock, chance, databases and broker are simulated,
/// and its handlers are watched. Everything between is what runs in production.
/// </summary>
internal static class NodeServices
{
    /// <param name="services">As the application has configured them.</param>
    /// <param name="life">The node's.</param>
    /// <param name="entropy">The toolkit's randomness in this life.</param>
    public static void Simulate(IServiceCollection services, NodeLife life, SeededRandom entropy)
    {
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(new LaneTime(life.Lane)));
        services.Replace(ServiceDescriptor.Singleton<EntropySource>(new SeededEntropy(entropy)));
        services.Replace(ServiceDescriptor.Singleton<Dispatcher>(new LaneDispatcher(life.Lane)));
        services.AddLogging(logging => logging
            .ClearProviders().SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft", LogLevel.None) // EF names files, which differ from run to run.
            .AddProvider(new TraceLoggerProvider(life)));
    }

    /// <summary>Takes others in the place of the transports that the application has configured.</summary>
    /// <param name="services">The node's.</param>
    /// <param name="create">Makes the one of a name, from what travels over it.</param>
    public static void UseTransports(IServiceCollection services, Func<string, IServiceProvider, MessageTopology, ITransport> create)
        => services.Replace(ServiceDescriptor.Singleton(provider =>
        {
            var model = provider.GetRequiredService<MessagingModel>();
            return new TransportCollection(model.Transports.Select(known => KeyValuePair.Create(known.Name, create(known.Name, provider, model.ToTopology(known.Name)))));
        }));

    /// <summary>The types of context that hold the toolkit's tables.</summary>
    public static IReadOnlyList<Type> ContextTypes(IServiceCollection services) =>
    [
        .. services.Select(service => service.ServiceType)
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(EfMessageStore<>))
            .Select(type => type.GenericTypeArguments[0]),
    ];

    /// <summary>The configuration, which the application has made by <c>AddMessaging</c>.</summary>
    public static MessagingModel Model(IServiceCollection services)
        => services.Select(service => service.ImplementationInstance).OfType<MessagingModel>().SingleOrDefault()
           ?? throw new InvalidOperationException("The application has no messaging: call services.AddMessaging(...) in its ConfigureServices.");

    /// <summary>Changes the settings of this run and watches the handlers.</summary>
    public static void UseModel(IServiceCollection services, MessagingModel model) => services.Replace(ServiceDescriptor.Singleton(model));

    /// <summary>Lets the ledger see every call of a handler, and faults happen to it.</summary>
    public static EndpointDefinition Watch(EndpointDefinition endpoint, Type context, NodeLife life, Ledger ledger)
    {
        ledger.Expect(endpoint.Name, endpoint.Failures.LeastAttempts, endpoint.Failures.WhenDead == KeyPolicy.HoldKey);
        return endpoint with
        {
            Handlers = endpoint.Handlers.ToFrozenDictionary(
                type => type.Key,
                type => (IReadOnlyList<HandlerBinding>)[.. type.Value.Select((handler, index) => handler with
                {
                    Invoke = (scope, message, messageContext, cancellationToken) => InvokeAsync(
                        handler, index, endpoint.Concurrency, context, life, ledger, scope, message, messageContext, cancellationToken),
                })],
                StringComparer.Ordinal),
        };
    }

    private static async Task InvokeAsync(
        HandlerBinding handler, int index, int concurrency, Type context, NodeLife life, Ledger ledger,
        IServiceProvider scope, object message, MessageContext messageContext, CancellationToken cancellationToken)
    {
        var connection = ((DbContext)scope.GetRequiredService(context)).Database.GetDbConnection() as SimulatedConnection;
        var run = ledger.Start(life, messageContext, index, concurrency, connection?.Transaction);
        var failed = true;
        try
        {
            await life.EnterAsync(Operation.Handle);
            if (life.Happens(FaultKind.HandlerFails, Operation.Handle))
            {
                throw new SimulatedFailureException();
            }

            await handler.Invoke(scope, message, messageContext, cancellationToken);
            failed = false;
        }
        finally
        {
            if (run is not null)
            {
                ledger.End(run, failed, cancellationToken.IsCancellationRequested);
            }
        }
    }
}

/// <summary>Thrown by a handler, because the simulation wants it to.</summary>
internal sealed class SimulatedFailureException() : Exception("simulated: the handler failed");
