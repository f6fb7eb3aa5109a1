using System.Collections.Frozen;

namespace Messaging.Toolkit.Messages;

/// <summary>
/// The closed set of message types. What comes from outside is looked up here by its name and nowhere else: no name
/// from the wire ever loads a type.
/// </summary>
internal sealed class MessageRegistry(IReadOnlyCollection<MessageType> types)
{
    private readonly FrozenDictionary<Type, MessageType> byClrType = types.ToFrozenDictionary(type => type.ClrType);
    private readonly FrozenDictionary<string, MessageType> byName = types.ToFrozenDictionary(type => type.Name, StringComparer.Ordinal);

    public IReadOnlyCollection<MessageType> Types => types;

    public MessageType? Find(string name) => byName.GetValueOrDefault(name);

    public MessageType Get(Type clrType, MessageKind kind)
    {
        var type = Get(clrType);
        if (type.Kind == kind)
        {
            return type;
        }

        throw new MessagingException(kind == MessageKind.Event
            ? $"'{type.Name}' is registered as a command and cannot be published: use Send, or register {clrType.Name} with Event<{clrType.Name}>(...)."
            : $"'{type.Name}' is registered as an event and cannot be sent: use Publish, or register {clrType.Name} with Command<{clrType.Name}>(...).");
    }

    public MessageType? Find(Type clrType) => byClrType.GetValueOrDefault(clrType);

    public MessageType Get(Type clrType) => byClrType.GetValueOrDefault(clrType) ?? throw new MessagingException(
        $"{clrType} is not a registered message: add .Event<{clrType.Name}>(e => e.Named(\"...\")) or " +
        $".Command<{clrType.Name}>(c => c.Named(\"...\").To(\"...\")) to AddMessaging.");
}
