using System.ComponentModel;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Configuration;

/// <summary>The toolkit's own view of what was said about a message.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IMessageDefinition
{
    internal Type ClrType { get; }

    internal string? Name { get; }

    internal MessageKind Kind { get; }

    internal string? Destination { get; }

    internal TimeSpan? Lifetime { get; }

    /// <summary>The transport that it says, or null.</summary>
    internal string? Transport { get; }

    /// <summary>The serializer of its own, or null.</summary>
    internal IMessageSerializer? Serializer { get; }

    internal MessageType Build(IMessageSerializer standard, string via);
}
