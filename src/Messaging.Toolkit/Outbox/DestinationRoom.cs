namespace Messaging.Toolkit.Outbox;

/// <summary>Room for more messages to one destination.</summary>
/// <param name="Destination">The destination.</param>
/// <param name="Room">How many rows to read at most.</param>
/// <param name="Excluded">Rows that must not be read again: they are under way, or confirmed and not deleted yet.</param>
/// <param name="HeldKeys">Keys of which enough is under way: their rows are left for later, so that they leave room to others. Mostly empty.</param>
public sealed record DestinationRoom(string Destination, int Room, IReadOnlyCollection<long> Excluded, IReadOnlyCollection<string> HeldKeys)
{
    /// <summary>How many bytes of bodies to read: with the row that reaches that number the page ends. Default no bound.</summary>
    public long Bytes { get; init; } = long.MaxValue;
}
