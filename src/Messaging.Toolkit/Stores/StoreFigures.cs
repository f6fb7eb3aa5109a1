namespace Messaging.Toolkit.Stores;

/// <summary>What waits in a store, at one moment by its own clock.</summary>
public sealed record StoreFigures
{
    /// <summary>Messages in the outbox that are not confirmed.</summary>
    public required long OutboxPending { get; init; }

    /// <summary>How long the first of them has been there; zero if there is none.</summary>
    public required TimeSpan OutboxOldestAge { get; init; }

    /// <summary>Messages that wait at endpoints.</summary>
    public required long Parked { get; init; }

    /// <summary>Dead letters.</summary>
    public required long DeadLetters { get; init; }

    /// <summary>How long the first scheduled message is overdue; zero if none is.</summary>
    public required TimeSpan ScheduleLag { get; init; }
}
