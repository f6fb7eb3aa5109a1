namespace Messaging.Toolkit.Messages;

/// <summary>What the toolkit itself replies: that a message was handled, or that it was given up.</summary>
/// <param name="Handled">Whether its handlers' work is committed; otherwise it is in the dead letters.</param>
/// <param name="Reason">Why it was given up.</param>
internal sealed record Answer(bool Handled, string? Reason)
{
    /// <summary>Its name on the wire. Names that begin with it are the toolkit's own.</summary>
    public const string Name = "messaging.answer";
}
