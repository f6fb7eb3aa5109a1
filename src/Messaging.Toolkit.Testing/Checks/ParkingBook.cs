namespace Messaging.Toolkit.Testing.Checks;

/// <summary>What was parked and what was in the dead letters after the last transaction, to tell what one has changed.</summary>
internal sealed class ParkingBook
{
    private HashSet<(string Endpoint, Guid MessageId)> parked = [];
    private HashSet<(string Endpoint, Guid MessageId)> dead = [];

    public ParkingChanges Compare(HashSet<(string Endpoint, Guid MessageId)> parkedNow, HashSet<(string Endpoint, Guid MessageId)> deadNow)
    {
        if (parked.Count == 0 && parkedNow.Count == 0 && dead.Count == deadNow.Count)
        {
            return ParkingChanges.None;
        }

        var alive = dead.Except(deadNow).ToHashSet();
        var gone = parked.Except(parkedNow).ToHashSet();
        var changes = new ParkingChanges(
            Parked: parkedNow.Except(parked).Where(message => !alive.Contains(message)).ToHashSet(),
            Gone: gone,
            Stayed: parkedNow.Intersect(deadNow).ToHashSet(),
            Replayed: alive.Where(message => parkedNow.Contains(message)).ToHashSet(),
            Discarded: alive.Where(message => !parkedNow.Contains(message)).ToHashSet());
        (parked, dead) = (parkedNow, deadNow);
        return changes;
    }
}

/// <summary>What a transaction has changed.</summary>
/// <param name="Parked">Parked now, and not before.</param>
/// <param name="Gone">Parked before, and not now.</param>
/// <param name="Stayed">Parked, and in the dead letters: they hold their keys.</param>
/// <param name="Replayed">In the dead letters before, and parked now.</param>
/// <param name="Discarded">In the dead letters before, and nowhere now.</param>
internal sealed record ParkingChanges(
    HashSet<(string Endpoint, Guid MessageId)> Parked, HashSet<(string Endpoint, Guid MessageId)> Gone, HashSet<(string Endpoint, Guid MessageId)> Stayed,
    HashSet<(string Endpoint, Guid MessageId)> Replayed, HashSet<(string Endpoint, Guid MessageId)> Discarded)
{
    public static readonly ParkingChanges None = new([], [], [], [], []);
}
