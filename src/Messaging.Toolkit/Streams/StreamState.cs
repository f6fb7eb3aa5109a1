namespace Messaging.Toolkit.Streams;

/// <summary>What a store knows of a stream that has been taken.</summary>
/// <param name="Epoch">Which taking this is.</param>
/// <param name="Next">The offset to go on with; <see cref="Nowhere"/> if nothing has been handled yet.</param>
/// <param name="Total">How many ids have been remembered so far.</param>
/// <param name="Ids">Those that were remembered last, in their order; no more than asked for.</param>
/// <param name="ChecksClaims">Whether messages of the endpoint may have been claimed before its positions were kept.</param>
public sealed record StreamState(long Epoch, long Next, long Total, IReadOnlyList<Guid> Ids, bool ChecksClaims)
{
    /// <summary>No offset: nothing has been handled yet.</summary>
    public const long Nowhere = -1;
}
