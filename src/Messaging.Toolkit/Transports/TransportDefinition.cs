namespace Messaging.Toolkit.Transports;

/// <summary>A transport as it was registered.</summary>
/// <param name="Name">What the application calls it.</param>
/// <param name="Create">Creates it, once, from the application's services and what travels over it.</param>
/// <param name="Validate">Says what is wrong with its options, a sentence each.</param>
internal sealed record TransportDefinition(
    string Name, Func<IServiceProvider, MessageTopology, ITransport> Create, Func<MessageTopology, IEnumerable<string>>? Validate = null);
