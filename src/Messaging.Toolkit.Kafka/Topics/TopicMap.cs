using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Kafka.Topics;

/// <summary>Which topics there are for this application, what goes to which, and who reads which.</summary>
internal sealed class TopicMap
{
    /// <summary>The destination of all that is for one endpoint, unless that shares its topic with events. No topic has such a name.</summary>
    private const string Endpoints = "kafka:endpoints";

    /// <summary>The destination of copies of dead letters.</summary>
    private const string DeadLetters = "kafka:dead-letters";

    private readonly KafkaOptions options;
    private readonly MessageTopology topology;
    private readonly Dictionary<string, string> byType;
    private readonly ILookup<string, MessageType> events;

    public TopicMap(KafkaOptions options, MessageTopology topology)
    {
        this.options = options;
        this.topology = topology;
        byType = topology.Types.ToDictionary(type => type.Name, TopicOf, StringComparer.Ordinal);
        foreach (var type in topology.Elsewhere)
        {
            if (FormerTopicOf(type) is { } topic)
            {
                byType.Add(type.Name, topic);
            }
        }

        events = topology.Types.Where(type => type.Kind == MessageKind.Event).ToLookup(type => byType[type.Name], StringComparer.Ordinal);
    }

    /// <summary>Every topic, and what it is for.</summary>
    public IEnumerable<(string Name, string Topic)> Named
        => topology.Types.Select(type => ($"'{type.Name}'", byType[type.Name]))
            .Concat(topology.Endpoints.Select(endpoint => ($"endpoint '{endpoint.Name}'", CommandTopicOf(endpoint.Name))))
            .Concat(OfDeadLetters.Select(each => ($"the dead letters of endpoint '{each.Endpoint}'", each.Topic)));

    /// <summary>Those of dead letters; none unless it is wanted.</summary>
    public IEnumerable<(string Endpoint, string Topic)> OfDeadLetters
        => options.DeadLetterTopic is null ? [] : topology.Endpoints.Select(endpoint => (endpoint.Name, DeadLetterTopicOf(endpoint.Name)));

    /// <summary>Those that this application's messages go to, and that its endpoints read.</summary>
    public IReadOnlyCollection<TopicPlan> All => PlansOf(Named.Select(each => each.Topic));

    /// <summary>Those that an endpoint reads.</summary>
    public IReadOnlyCollection<TopicPlan> SubscriptionsOf(string endpoint)
        => PlansOf(TopologyOf(endpoint).Types.Select(type => byType[type.Name]).Append(CommandTopicOf(endpoint)));

    public string GroupOf(string endpoint) => options.Prefix + options.Group(endpoint);

    /// <summary>Null if it was never sent over Kafka.</summary>
    public string? DestinationOf(MessageType type)
        => byType.GetValueOrDefault(type.Name) is not { } topic ? null : type.Kind == MessageKind.Event ? topic : DestinationOf(type.Endpoint!);

    public string DestinationOf(string endpoint) => CommandTopicOf(endpoint) is var topic && events.Contains(topic) ? topic : Endpoints;

    public string? DeadLetterDestination => options.DeadLetterTopic is null ? null : DeadLetters;

    /// <summary>
    /// Where a message goes: to its recipient alone, if it has one, or else to all that its type is for; null if nobody knows the type any more. The copy of a dead
    /// letter goes to neither, whoever the message was for.
    /// </summary>
    public string? TopicOf(string destination, MessageEnvelope envelope) => destination == DeadLetters ? DeadLetterTopicOf(envelope.Headers.GetValueOrDefault(DeadLetterHeaders.Endpoint, ""))
        : envelope.Recipient is { } endpoint ? CommandTopicOf(endpoint)
        : byType.GetValueOrDefault(envelope.Type);

    /// <summary>Whether endpoints get messages from a topic, here or in another application.</summary>
    public bool IsRead(string topic) => byType.ContainsValue(topic) || topology.Endpoints.Any(endpoint => CommandTopicOf(endpoint.Name) == topic);

    /// <summary>The event that is the only one in its topic, and so the type of what says nothing of its own; null if there is no such.</summary>
    public string? OnlyEventOf(string topic)
        => events[topic].Take(2).ToList() is [var only] && topology.Types.Count(type => byType[type.Name] == topic) == 1 ? only.Name : null;

    /// <summary>
    /// Whether an endpoint is to see a message of a topic that it reads. Where types share a topic there are others' among them; what nobody here knows is
    /// somebody's mistake if the topic is the endpoint's or of one event, and somebody else's message if it is shared.
    /// </summary>
    public bool Accepts(string endpoint, string topic, MessageEnvelope envelope)
    {
        if (envelope.Recipient is { } recipient)
        {
            return recipient == endpoint;
        }

        // What is sent over another transport now may be here since before.
        if (topology.Types.Concat(topology.Elsewhere).FirstOrDefault(type => type.Name == envelope.Type) is { } known)
        {
            return known.Kind == MessageKind.Command ? known.Endpoint == endpoint : TopologyOf(endpoint) is var reader && reader.Types.Concat(reader.Former).Any(type => type.Name == known.Name);
        }

        return OnlyEventOf(topic) is not null || (topic == CommandTopicOf(endpoint) && !events.Contains(topic));
    }

    private EndpointTopology TopologyOf(string endpoint) => topology.Endpoints.Single(each => each.Name == endpoint);

    private string TopicOf(MessageType type) => type.Kind == MessageKind.Event ? EventTopicOf(type) : CommandTopicOf(type.Endpoint!);

    /// <summary>The one of a message that is sent over another transport. If the options' functions do not know it, it never was in Kafka.</summary>
    private string? FormerTopicOf(MessageType type)
    {
        try
        {
            return TopicOf(type);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private string EventTopicOf(MessageType type) => options.Prefix + TopicNames.From(options.EventTopic(type.Name) ?? "");

    private string CommandTopicOf(string endpoint) => options.Prefix + TopicNames.From(options.CommandTopic(endpoint) ?? "");

    private string DeadLetterTopicOf(string endpoint) => options.DeadLetterTopic?.Invoke(endpoint) is { Length: > 0 } name ? options.Prefix + TopicNames.From(name) : "";

    private List<TopicPlan> PlansOf(IEnumerable<string> topics) => [.. topics.Distinct(StringComparer.Ordinal).Select(topic => new TopicPlan(topic, options.OptionsOf(topic)))];
}

/// <summary>A topic, and how it is created if it is missing.</summary>
internal sealed record TopicPlan(string Name, KafkaTopicOptions Options);
