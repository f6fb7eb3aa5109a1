namespace Messaging.Toolkit.Streams;

/// <summary>Where a message is in a stream. Handling it moves the position of its endpoint from before it to behind it.</summary>
/// <param name="Position">The position that it was received under.</param>
/// <param name="From">Where the position is when all before it is settled. It begins where the row was: that may be greater than <paramref name="To"/>, if the stream was made anew.</param>
/// <param name="To">Where the position is when it is settled: its own offset and one.</param>
public sealed record StreamPlace(StreamPosition Position, long From, long To)
{
    /// <summary>Whether it is known to be settled: if it is tried again all the same, it is a duplicate.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>What settles the message has committed, or an earlier transaction was found to have done so.</summary>
    /// <param name="ids">The ids that are remembered from now on.</param>
    public void Settle(IReadOnlyCollection<Guid> ids)
    {
        IsSettled = true;
        Position.Advance(To, ids);
    }

    /// <summary>The same, if it was settled together with a later one, for which the position is advanced.</summary>
    public void Settle() => IsSettled = true;
}
