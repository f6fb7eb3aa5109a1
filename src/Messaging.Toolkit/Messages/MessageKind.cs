namespace Messaging.Toolkit.Messages;

/// <summary>What a message means, and so where it goes.</summary>
public enum MessageKind
{
    /// <summary>Something happened: goes to every subscriber.</summary>
    Event,

    /// <summary>Something is to be done: goes to the one endpoint it is registered for.</summary>
    Command,
}
