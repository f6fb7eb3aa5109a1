using System.Globalization;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Configuration;

/// <summary>What is said about a type of message: the part that events and commands have in common.</summary>
/// <typeparam name="TMessage">The type.</typeparam>
/// <typeparam name="TSelf">The builder that derives from this one.</typeparam>
public abstract class MessageBuilder<TMessage, TSelf> : IMessageDefinition
    where TMessage : class
    where TSelf : MessageBuilder<TMessage, TSelf>
{
    private string? name;
    private Func<object, string?>? key;
    private IMessageSerializer? serializer;
    private TimeSpan? lifetime;
    private string? transport;

    private protected MessageBuilder() { }

    private protected abstract MessageKind Kind { get; }

    private protected virtual string? Destination => null;

    /// <summary>
    /// The name on the wire and in the tables. Required, and for good: it outlives every renaming of the class.
    /// </summary>
    /// <param name="name">Letters, digits, '.', '-', '_' and '/'; at most 200 characters; compared ordinally. Names that begin with <c>messaging.</c> are reserved.</param>
    public TSelf Named(string name)
    {
        this.name = name;
        return (TSelf)this;
    }

    /// <summary>
    /// Messages with the same key are handled in the order in which their transactions committed. Without a key there is
    /// no order. Keys are compared ordinally by their invariant text; null means none.
    /// </summary>
    /// <param name="key">Reads the key from a message: a string, number or Guid. At most 512 bytes of UTF-8.</param>
    public TSelf KeyedBy<TKey>(Func<TMessage, TKey> key)
    {
        this.key = message => key((TMessage)message) switch
        {
            null => null,
            string text => text,
            IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
            var value => value.ToString(),
        };
        return (TSelf)this;
    }

    /// <summary>Another serializer for this type alone. Default: the application's.</summary>
    public TSelf SerializedBy(IMessageSerializer serializer)
    {
        this.serializer = serializer;
        return (TSelf)this;
    }

    /// <summary>
    /// Messages of this type that have not been handled in time are not handled any more: they are counted and left, or, where an endpoint
    /// says <c>DeadLetterExpired()</c>, kept in its dead letters. Default: they are handled however late they come.
    /// </summary>
    /// <param name="lifetime">From when one is published, unless that says something else. More than zero, at most 3,650 days.</param>
    public TSelf ExpiresAfter(TimeSpan lifetime)
    {
        this.lifetime = lifetime;
        return (TSelf)this;
    }

    /// <summary>
    /// Over which transport messages of this type are sent. Default: for a command that of its endpoint, if it is one of this application's; otherwise
    /// the application's default (<see cref="MessagingBuilder.Via"/>).
    /// </summary>
    /// <param name="transport">A transport's name: "rabbitmq", "kafka" or the one that it was registered with, or "in-process".</param>
    public TSelf Via(string transport)
    {
        this.transport = transport;
        return (TSelf)this;
    }

    string? IMessageDefinition.Transport => transport;

    TimeSpan? IMessageDefinition.Lifetime => lifetime;

    IMessageSerializer? IMessageDefinition.Serializer => serializer;

    Type IMessageDefinition.ClrType => typeof(TMessage);

    string? IMessageDefinition.Name => name;

    MessageKind IMessageDefinition.Kind => Kind;

    string? IMessageDefinition.Destination => Destination;

    MessageType IMessageDefinition.Build(IMessageSerializer standard, string via)
        => new(typeof(TMessage), Kind, name!, Destination, key, serializer ?? standard) { Lifetime = lifetime, Via = via };
}
