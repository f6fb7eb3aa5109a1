using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>What a transaction does in one stream.</summary>
/// <param name="Position">The position.</param>
/// <param name="To">Where it is afterwards.</param>
/// <param name="Moves">Whether this transaction has moved it there.</param>
/// <param name="Handled">The messages that are remembered in this transaction.</param>
/// <param name="Known">Those that an earlier one has settled, with its reply lost.</param>
internal sealed record StreamStep(StreamPosition Position, long To, bool Moves, IReadOnlyList<Guid> Handled, IReadOnlyList<Guid> Known)
{
    /// <summary>The transaction has committed.</summary>
    public void Commit() => Position.Advance(To, [.. Known, .. Handled]);
}
