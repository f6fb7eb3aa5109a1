namespace Messaging.Toolkit.Testing.Checks;

/// <summary>The messages of one key for one endpoint by one destination, in the order in which their transactions committed.</summary>
internal sealed class KeyLine
{
    private readonly List<Fate> fates = [];
    private int started;
    private int ended;

    public int Count => fates.Count;

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
