namespace Messaging.Toolkit.Tests.Journal;

/// <summary>A clock that is set, also back.</summary>
sealed class SettableClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
