using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;

namespace Messaging.Toolkit.Configuration;

/// <summary>
/// The transports of an application, and what goes over which: what a message says, or else, for a command, what its endpoint says, or else the
/// default.
/// </summary>
internal sealed class TransportPlan
{
    /// <summary>It is part of the names of destinations, which have a bound.</summary>
    private const int LongestName = 40;

    private readonly IReadOnlyList<TransportDefinition> registered;
    private readonly string? chosen;
    private readonly IReadOnlyList<IMessageDefinition> messages;
    private readonly IReadOnlyList<EndpointBuilder> endpoints;

    /// <param name="registered">In their order.</param>
    /// <param name="chosen">The default as the application has said it, or null.</param>
    /// <param name="messages">All messages.</param>
    /// <param name="endpoints">All endpoints.</param>
    public TransportPlan(IReadOnlyList<TransportDefinition> registered, string? chosen, IReadOnlyList<IMessageDefinition> messages, IReadOnlyList<EndpointBuilder> endpoints)
    {
        (this.registered, this.chosen, this.messages, this.endpoints) = (registered, chosen, messages, endpoints);
        var isInProcessSaid = messages.Select(message => message.Transport).Concat(endpoints.Select(endpoint => endpoint.Transport)).Append(chosen).Contains(InProcessTransport.TransportName);
        All = registered.Count == 0 || isInProcessSaid ? [.. registered, InProcess] : registered;
        Default = chosen ?? All[0].Name;
    }

    /// <summary>Those that were registered, and the one inside the process if there is no other or somebody wants it.</summary>
    public IReadOnlyList<TransportDefinition> All { get; }

    /// <summary>What everything goes over that says nothing else.</summary>
    public string Default { get; }

    private static TransportDefinition InProcess { get; } = new(InProcessTransport.TransportName, static (_, _) => new InProcessTransport());

    /// <summary>Over which a message is sent.</summary>
    public string ViaOf(IMessageDefinition message) => message.Transport ?? endpoints.FirstOrDefault(endpoint => endpoint.Name == message.Destination)?.Transport ?? Default;

    /// <summary>Over which an endpoint gets what is for it alone.</summary>
    public string ViaOf(EndpointBuilder endpoint) => endpoint.Transport ?? Default;

    /// <summary>What is wrong, a sentence each.</summary>
    public IEnumerable<string> Validate()
    {
        foreach (var group in registered.GroupBy(definition => definition.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            yield return $"There are {group.Count()} transports named {Names.Show(group.Key)}: give all but one of them a name of their own, which is said first: .UseRabbitMQ(\"another\", ...), .UseKafka(\"another\", ...). Names must differ by more than their case.";
        }

        foreach (var name in registered.Select(definition => definition.Name))
        {
            if (string.Equals(name, InProcessTransport.TransportName, StringComparison.OrdinalIgnoreCase))
            {
                yield return $"A transport is named {Names.Show(name)}, which is the name of delivery inside the process: choose another.";
            }
            else if ((Names.Refuse(name) ?? (name.Length > LongestName ? $"it has {name.Length} characters, the limit is {LongestName}" : null)) is { } reason)
            {
                yield return $"The transport name {Names.Show(name)} cannot be used: {reason}.";
            }
        }

        foreach (var (who, name) in messages.Select(message => (message.ClrType.Name, message.Transport)).Concat(endpoints.Select(endpoint => ($"Endpoint {Names.Show(endpoint.Name)}", endpoint.Transport)))
                     .Append(("The application", chosen)))
        {
            if (name is not null && All.All(definition => definition.Name != name))
            {
                yield return $"{who} has Via({Names.Show(name)}), and there is no such transport: add it, or choose one of {string.Join(", ", All.Select(definition => Names.Show(definition.Name)).Append(Names.Show(InProcessTransport.TransportName)).Distinct())}.";
            }
        }

        foreach (var message in messages.Where(message => message is { Kind: MessageKind.Command, Destination: { Length: > 0 } destination } && endpoints.All(endpoint => endpoint.Name != destination)))
        {
            // It is in another application, where what is delivered inside of this process does not get. Its name is checked like one of ours.
            if (ViaOf(message) == InProcessTransport.TransportName)
            {
                yield return $"The command {message.ClrType.Name} goes to {Names.Show(message.Destination)}, and there is no such endpoint: add .Endpoint(\"...\", ...) of that name or change .To(...)" +
                             (registered.Count == 0 ? "." : "; or, if it is another application's, say by .Via(...) which transport leads there.");
            }
            else if (Names.Refuse(message.Destination) is { } reason)
            {
                yield return $"The command {message.ClrType.Name} goes to {Names.Show(message.Destination)}, which cannot be the name of an endpoint: {reason}.";
            }
        }
    }
}
