namespace Messaging.Toolkit.DeadLetters;

/// <summary>Who gave a message up.</summary>
public enum DeadLetterOrigin
{
    /// <summary>The endpoint that was to handle it: replayed, it is handled there.</summary>
    Endpoint,

    /// <summary>The relay, which could not bring it to its destination: replayed, it is sent there again.</summary>
    Outbox,
}
