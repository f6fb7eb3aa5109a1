using Messaging.Toolkit.Configuration;

namespace Messaging.Toolkit.Transports;

/// <summary>The transports of this host, by the names that the application has for them.</summary>
internal sealed class TransportCollection
{
    private readonly Dictionary<string, ITransport> byName;

    public TransportCollection(IEnumerable<KeyValuePair<string, ITransport>> transports)
    {
        var inOrder = transports.ToList();
        byName = new(inOrder, StringComparer.Ordinal);
        All = [.. inOrder.Select(each => each.Value).Distinct()];
    }

    /// <summary>In the order in which they were registered.</summary>
    public IReadOnlyList<ITransport> All { get; }

    /// <summary>Whether what is reported of one must say of which.</summary>
    public bool AreSeveral => All.Count > 1;

    public static TransportCollection Create(MessagingModel model, IServiceProvider services)
        => new(model.Transports.Select(definition => KeyValuePair.Create(definition.Name, Create(definition, model, services))));

    public ITransport Get(string name) => byName[name];

    public ITransport? Find(string? name) => name is null ? null : byName.GetValueOrDefault(name);

    private static ITransport Create(TransportDefinition definition, MessagingModel model, IServiceProvider services)
        => definition.Create(services, model.ToTopology(definition.Name)) is var transport && transport.Name == definition.Name ? transport : new NamedTransport(definition.Name, transport);
}
