namespace Messaging.Toolkit.Inbox;

/// <summary>What became of a message.</summary>
public enum HandlingOutcome
{
    /// <summary>Its handlers ran and their effect is committed.</summary>
    Handled,

    /// <summary>It had been handled before. Nothing was done.</summary>
    Duplicate,
}
