using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Outbox;

/// <summary>What the toolkit itself says of a message when it is sent, beside what applications can say.</summary>
internal sealed record Addressing
{
    public static readonly Addressing None = new();

    /// <summary>The ordering key, before any other: who asks says in which order he hears. Null for the message's own.</summary>
    public string? Key { get; init; }

    /// <summary>Where the reply goes, or null if nobody waits for one.</summary>
    public ReplyAddress? ReplyTo { get; init; }

    /// <summary>The request that it is the reply to, or null.</summary>
    public string? InReplyTo { get; init; }

    /// <summary>The transport that it goes over if it is for an endpoint of another application; null for the default.</summary>
    public string? Via { get; init; }

    /// <summary>The message's id; null for one that is derived from the cause, or new.</summary>
    public Guid? Id { get; init; }
}
