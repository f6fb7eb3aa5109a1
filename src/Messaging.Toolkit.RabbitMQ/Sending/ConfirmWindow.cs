namespace Messaging.Toolkit.RabbitMQ.Sending;

/// <summary>
/// The messages published and not yet confirmed, by the number that the channel gives to each: 1, 2, 3 and so on. A ring, as
/// the numbers in it are one after the other with few holes. Not thread-safe.
/// </summary>
internal sealed class ConfirmWindow
{
    private SentMessage?[] ring = new SentMessage?[256];
    private ulong first = 1;
    private ulong next = 1;

    /// <summary>The one that has waited longest; null if there is none.</summary>
    public SentMessage? Oldest => first < next ? ring[Slot(first)] : null;

    /// <summary>Adds a message as the next one to be published.</summary>
    public void Add(SentMessage message)
    {
        if (next - first == (ulong)ring.Length)
        {
            Grow();
        }

        ring[Slot(next++)] = message;
    }

    /// <summary>Removes what the broker has answered, in the order of publishing.</summary>
    /// <param name="number">The number in the broker's answer.</param>
    /// <param name="multiple">Whether all before it are meant too.</param>
    /// <param name="removed">Gets them. Nothing is added for a number that is unknown.</param>
    public void Remove(ulong number, bool multiple, List<SentMessage> removed)
    {
        if (number >= next)
        {
            return;
        }

        for (var each = multiple ? first : Math.Max(first, number); each <= number; each++)
        {
            if (ring[Slot(each)] is { } message)
            {
                removed.Add(message);
                ring[Slot(each)] = null;
            }
        }

        while (first < next && ring[Slot(first)] is null)
        {
            first++;
        }
    }

    /// <summary>Finds the message with an id: one that the broker gives back is among the oldest.</summary>
    public SentMessage? Find(Guid id)
    {
        for (var each = first; each < next; each++)
        {
            if (ring[Slot(each)] is { HasComeBack: false } message && message.Message.Envelope.Id == id)
            {
                return message;
            }
        }

        return null;
    }

    private int Slot(ulong number) => (int)(number & (ulong)(ring.Length - 1));

    private void Grow()
    {
        var larger = new SentMessage?[ring.Length * 2];
        for (var each = first; each < next; each++)
        {
            larger[each & (ulong)(larger.Length - 1)] = ring[Slot(each)];
        }

        ring = larger;
    }
}
