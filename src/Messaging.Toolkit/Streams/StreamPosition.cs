namespace Messaging.Toolkit.Streams;

/// <summary>
/// How far an endpoint is in a stream, as the process knows it that has taken it. The truth is the store's row: it is moved in the transactions in which
/// messages are handled, as long as nobody else has taken the stream. Messages are given their places by one caller, and handled by one at a time.
/// </summary>
public sealed class StreamPosition
{
    private readonly RememberedIds remembered;
    private long end;
    private volatile bool isLost;
    private volatile bool isLeaving;

    /// <summary>A stream that has been taken.</summary>
    /// <param name="endpoint">The endpoint that it was taken for.</param>
    /// <param name="stream">The stream's name.</param>
    /// <param name="state">What the store has answered.</param>
    /// <param name="memory">How many ids are remembered; not negative.</param>
    public StreamPosition(string endpoint, string stream, StreamState state, int memory)
    {
        ArgumentNullException.ThrowIfNull(state);
        (Endpoint, Stream, Epoch, Next, Memory, ChecksClaims) = (endpoint, stream, state.Epoch, state.Next, memory, state.ChecksClaims);
        Total = state.Total - state.Ids.Count;
        remembered = new RememberedIds(memory);
        Remember(state.Ids);
        end = Next;
    }

    /// <summary>The endpoint that it was taken for.</summary>
    public string Endpoint { get; }

    /// <summary>The stream's name.</summary>
    public string Stream { get; }

    /// <summary>Which taking of the stream this is. Each has a greater one, and only the last one may move the row.</summary>
    public long Epoch { get; }

    /// <summary>Where the row is, as far as that is known: a commit whose reply was lost may have moved it further. <see cref="StreamState.Nowhere"/> before the first.</summary>
    public long Next { get; private set; }

    /// <summary>How many ids have been remembered since the stream was taken for the first time.</summary>
    public long Total { get; private set; }

    /// <summary>How many ids are remembered at most.</summary>
    public int Memory { get; }

    /// <summary>Whether what comes may have been claimed before positions were kept.</summary>
    public bool ChecksClaims { get; }

    /// <summary>Whether somebody else has taken the stream: nothing more of it is handled under this epoch.</summary>
    public bool IsLost => isLost;

    /// <summary>Whether nothing more of it is to be begun under this epoch: it is lost, or goes to somebody else soon.</summary>
    public bool IsLeaving => isLeaving || isLost;

    /// <summary>Gives a message its place. To be called for each that comes, in their order.</summary>
    /// <param name="offset">Its offset; not negative, and greater than those before it.</param>
    public StreamPlace PlaceOf(long offset)
    {
        var place = new StreamPlace(this, end, offset + 1);
        end = offset + 1;
        return place;
    }

    /// <summary>Whether a message of that id was handled in this stream, and is still remembered.</summary>
    public bool Remembers(Guid messageId) => remembered.Contains(messageId);

    /// <summary>The row has been moved, and that is committed.</summary>
    /// <param name="next">Where it is now.</param>
    /// <param name="ids">The ids that are remembered from now on.</param>
    public void Advance(long next, IReadOnlyCollection<Guid> ids)
    {
        Next = next;
        Remember(ids);
    }

    /// <summary>It goes to somebody else: what has been begun may be finished, and what has not is left to them.</summary>
    public void Leave() => isLeaving = true;

    /// <summary>The row is somebody else's. Returns the exception to be thrown.</summary>
    public StreamLostException Lose()
    {
        isLost = true;
        return new StreamLostException(this);
    }

    private void Remember(IReadOnlyCollection<Guid> ids)
    {
        Total += ids.Count;
        foreach (var id in ids)
        {
            remembered.Add(id);
        }
    }
}
