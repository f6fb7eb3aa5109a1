using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Testing.Checks;

/// <summary>What has become of one committed message at one endpoint.</summary>
/// <param name="endpoint">The endpoint that it is for.</param>
/// <param name="envelope">The message.</param>
/// <param name="line">The messages of its key for the endpoint.</param>
/// <param name="place">Its place in the line.</param>
internal sealed class Fate(string endpoint, MessageEnvelope envelope, KeyLine? line, int place)
{
    public string Endpoint => endpoint;

    public MessageEnvelope Envelope => envelope;

    public KeyLine? Line => line;

    public int Place => place;

    /// <summary>How often its handlers were called.</summary>
    public int Runs { get; set; }

    /// <summary>How many handlers are at it now; those of a node that died are.</summary>
    public int Running { get; set; }

    /// <summary>By handler: how often its work was committed.</summary>
    public Dictionary<int, int> Effects { get; } = [];

    public bool IsDead { get; set; }

    /// <summary>It was a dead letter and is no more: it was replayed.</summary>
    public bool WasDead { get; set; }

    /// <summary>Its time was over before it took effect, and nobody handles it any more.</summary>
    public bool HasExpired { get; set; }

    /// <summary>Given up, it keeps its place before the later ones of its key.</summary>
    public bool HoldsPlace { get; init; }

    public bool HasStarted => Runs > 0 || IsDead || HasExpired;

    /// <summary>Whether it waits for a dead letter that holds its key.</summary>
    public bool IsHeld => HoldsPlace && line?.FirstUnended() is { IsDead: true };

    /// <summary>Whether the later ones of its key may take effect.</summary>
    public bool LetsPass => Effects.Count > 0 || HasExpired || ((IsDead || WasDead) && !HoldsPlace);

    public bool HasEnded => Effects.Count > 0 || IsDead || HasExpired;

    public override string ToString() => $"message {envelope.Id:N} ({envelope.Type}, key {envelope.Key ?? "-"}) at endpoint {endpoint}";
}

/// <summary>The messages of one key for one endpoint, in the order in which their transactions committed.</summary>
internal sealed class KeyLine
{
    private readonly List<Fate> fates = [];
    private int started;
    private int ended;

    public int Count => fates.Count;

    /// <summary>It is being handled, here or there; by life of a node.</summary>
    public HashSet<object> Running { get; } = [];

    public void Add(Fate fate) => fates.Add(fate);

    /// <summary>The first one that has not been given to a handler.</summary>
    /// <param name="isOver">Those that it is too late for: they are passed by within the transaction in which later ones are handled.</param>
    public Fate? FirstUnstarted(Func<Fate, bool> isOver)
    {
        while (started < fates.Count && fates[started].HasStarted)
        {
            started++;
        }

        for (var i = started; i < fates.Count; i++)
        {
            if (!fates[i].HasStarted && !isOver(fates[i]))
            {
                return fates[i];
            }
        }

        return null;
    }

    /// <summary>The first one before which the later ones must wait.</summary>
    public Fate? FirstUnended()
    {
        while (ended < fates.Count && fates[ended].LetsPass)
        {
            ended++;
        }

        return ended < fates.Count ? fates[ended] : null;
    }
}
