using Messaging.Toolkit.Parking;

namespace Messaging.Toolkit.Endpoints;

/// <summary>
/// The parked messages that an endpoint of this process has taken and not let go of yet. One may be taken again while it is here, as its lease is over or it was postponed
/// by these hands and they do not know that yet: that is one message, and the second taking is to be given back. Not thread-safe.
/// </summary>
internal sealed class ParkedInHand
{
    /// <summary>Each as it was taken again meanwhile, or null if it was not.</summary>
    private readonly Dictionary<long, ParkedMessage?> messages = [];

    public int Count => messages.Count;

    /// <summary>True if it is new here.</summary>
    public bool Take(ParkedMessage message)
    {
        if (messages.TryAdd(message.Id, null))
        {
            return true;
        }

        messages[message.Id] = message;
        return false;
    }

    /// <summary>Lets go of those of them that are parked. Returns the ones that were taken again while they were here.</summary>
    public List<ParkedMessage> LetGo(IEnumerable<Work> works)
    {
        var takenAgain = new List<ParkedMessage>();
        foreach (var message in works.Select(work => work.Parked).OfType<ParkedMessage>())
        {
            if (messages.Remove(message.Id, out var again) && again is not null)
            {
                takenAgain.Add(again);
            }
        }

        return takenAgain;
    }
}
