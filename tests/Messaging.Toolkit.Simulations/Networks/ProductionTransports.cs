using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Simulations.Networks;

/// <summary>The transports of production in a node, all over one simulated broker.</summary>
internal static class ProductionTransports
{
    /// <summary>Puts one in the place of each that the application has configured.</summary>
    /// <param name="services">The node's.</param>
    /// <param name="model">The application.</param>
    /// <param name="use">Registers it as an application would; what it makes in the broker begins with the text, so that several are apart.</param>
    public static void Serve(IServiceCollection services, MessagingModel model, Action<MessagingBuilder, string> use)
    {
        NodeServices.UseTransports(services, Create);

        ITransport Create(string name, IServiceProvider provider, MessageTopology topology)
        {
            var isOneOfSeveral = model.Transports.Count > 1;
            var builder = new MessagingBuilder(services);
            use(builder, isOneOfSeveral ? name + "." : "");
            var transport = builder.Transports.Single().Create(provider, topology);
            return isOneOfSeveral ? new NamedTransport(name, transport) : transport;
        }
    }
}
