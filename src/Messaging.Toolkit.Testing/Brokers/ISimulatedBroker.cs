using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Testing.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Brokers;

/// <summary>A broker outside of all nodes, which it outlives. A run has one.</summary>
internal interface ISimulatedBroker
{
    /// <summary>Whether everything that it has taken is settled.</summary>
    bool IsDrained { get; }

    /// <summary>What is not, in words.</summary>
    string Left { get; }

    /// <summary>The endpoints that a message in the outbox is for.</summary>
    IReadOnlyList<string> EndpointsOf(string destination, MessageEnvelope envelope);

    /// <summary>Gives a life of a node a way to it, in the place of the transport that the application has configured.</summary>
    /// <param name="services">The node's.</param>
    /// <param name="life">What happens to the way happens to it.</param>
    /// <param name="report">Takes notice of what a client must not do: the rule and what it did.</param>
    void Serve(IServiceCollection services, NodeLife life, Action<string, string> report);

    /// <summary>How many connections the life has opened and not ended.</summary>
    int OpenConnections(NodeLife life);
}
