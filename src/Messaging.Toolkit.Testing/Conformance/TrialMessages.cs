using System.Globalization;
using System.Text;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>The messages and endpoints of a trial's application. Nobody else has these names.</summary>
internal sealed class TrialMessages
{
    private readonly TimeProvider time;
    private readonly MessageIds ids;
    private int made;

    public TrialMessages(TimeProvider time)
    {
        this.time = time;
        ids = new MessageIds(time, new EntropySource());
        var application = "conformance-" + ids.New().ToString("N")[^12..];
        Left = application + ".left";
        Right = application + ".right";
        Placed = TypeNamed<PlacedMessage>(MessageKind.Event, application + ".placed");
        Paid = TypeNamed<PaidMessage>(MessageKind.Event, application + ".paid");
        Packed = TypeNamed<PackedMessage>(MessageKind.Event, application + ".packed");
        Ship = TypeNamed<ShipMessage>(MessageKind.Command, application + ".ship", Right);
        Unheard = TypeNamed<UnheardMessage>(MessageKind.Event, application + ".unheard");
        Topology = new MessageTopology
        {
            Types = [Placed, Paid, Packed, Ship, Unheard],
            Endpoints = [new EndpointTopology(Left, [Placed, Paid, Packed]), new EndpointTopology(Right, [Placed, Ship])],
        };
    }

    public MessageTopology Topology { get; }

    /// <summary>An endpoint that handles <see cref="Placed"/>, <see cref="Paid"/> and <see cref="Packed"/>.</summary>
    public string Left { get; }

    /// <summary>An endpoint that handles <see cref="Placed"/> and <see cref="Ship"/>.</summary>
    public string Right { get; }

    /// <summary>An event for both endpoints.</summary>
    public MessageType Placed { get; }

    /// <summary>An event for <see cref="Left"/>.</summary>
    public MessageType Paid { get; }

    /// <summary>Another event for <see cref="Left"/>.</summary>
    public MessageType Packed { get; }

    /// <summary>A command for <see cref="Right"/>.</summary>
    public MessageType Ship { get; }

    /// <summary>An event for nobody.</summary>
    public MessageType Unheard { get; }

    public MessageType TypeOf(MessageEnvelope envelope) => Topology.Types.Single(type => type.Name == envelope.Type);

    public IReadOnlyList<string> SubscribersOf(MessageEnvelope envelope)
        => [.. Topology.Endpoints.Where(endpoint => endpoint.Types.Any(type => type.Name == envelope.Type)).Select(endpoint => endpoint.Name)];

    /// <summary>Makes an id that no other message has.</summary>
    public Guid NewId() => ids.New();

    /// <summary>Makes a message. Its body says which one it is, counted from 1.</summary>
    public MessageEnvelope Make(MessageType type, string? key) => MakeFor(null, type, key);

    /// <summary>Makes a message for one endpoint, whoever its type is for.</summary>
    public MessageEnvelope MakeFor(string? recipient, MessageType type, string? key)
    {
        var id = ids.New();
        return new MessageEnvelope
        {
            Id = id,
            Type = type.Name,
            Source = "conformance",
            Time = time.GetUtcNow(),
            ContentType = "text/plain",
            Key = key,
            ConversationId = id,
            Recipient = recipient,
            Body = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"message {++made}")),
        };
    }

    /// <summary>Makes messages for <see cref="Left"/> alone, of two types and of some keys in turn.</summary>
    public List<MessageEnvelope> MakeForLeft(int count, int keys)
        => [.. Enumerable.Range(0, count).Select(n => Make(n / keys % 2 == 0 ? Paid : Packed, string.Create(CultureInfo.InvariantCulture, $"key {n % keys}")))];

    private static MessageType TypeNamed<T>(MessageKind kind, string name, string? endpoint = null)
        => new(typeof(T), kind, name, endpoint, key: null, new JsonMessageSerializer());

    private sealed record PlacedMessage;

    private sealed record PaidMessage;

    private sealed record PackedMessage;

    private sealed record ShipMessage;

    private sealed record UnheardMessage;
}
