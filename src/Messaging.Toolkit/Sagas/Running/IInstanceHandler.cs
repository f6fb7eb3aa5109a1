using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>What a handler that works on stored instances tells the endpoint before it is called.</summary>
internal interface IInstanceHandler
{
    /// <summary>Whether the message is for it, and not for others that handle its type.</summary>
    bool Accepts(MessageEnvelope envelope);

    /// <summary>The instance that a message is for, or null if it is for none.</summary>
    Guid? InstanceOf(object message, MessageEnvelope envelope);
}
