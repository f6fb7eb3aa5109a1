namespace Messaging.Toolkit.Inbox;

/// <summary>What became of a message.</summary>
public enum HandlingOutcome
{
    /// <summary>Its handlers ran and their effect is committed.</summary>
    Handled,

    /// <summary>It had been handled before. Nothing was done.</summary>
    Duplicate,

    /// <summary>An earlier message of its key is parked at the endpoint, so it must be parked behind that. Nothing was done.</summary>
    Held,

    /// <summary>A message before it in its stream must be parked first. Nothing was done: it is to be tried again.</summary>
    Waits,
}
