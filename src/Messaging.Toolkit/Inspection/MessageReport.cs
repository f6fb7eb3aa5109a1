using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Inspection;

/// <summary>A type of message, as it is configured.</summary>
public sealed record MessageReport
{
    /// <summary>Its name on the wire.</summary>
    public required string Name { get; init; }

    /// <summary>Event or command.</summary>
    public required MessageKind Kind { get; init; }

    /// <summary>The name of its .NET type.</summary>
    public required string ClrType { get; init; }

    /// <summary>The transport that it is sent over.</summary>
    public required string Transport { get; init; }

    /// <summary>Where its rows of the outbox go: one row for each.</summary>
    public required IReadOnlyList<string> Destinations { get; init; }

    /// <summary>The endpoints of this application that handle it.</summary>
    public required IReadOnlyList<string> Subscribers { get; init; }

    /// <summary>Whether it has a key by its configuration, and with it an order.</summary>
    public required bool IsKeyed { get; init; }

    /// <summary>How long after it was published it is of use; null for always.</summary>
    public TimeSpan? Lifetime { get; init; }
}
