using Messaging.Toolkit.Streams;

namespace Messaging.Toolkit.EntityFrameworkCore.Stores;

/// <summary>What a transaction does in one stream.</summary>
/// <param name="Position">The position.</param>
/// <param name="To">Where it is afterwards.</param>
internal sealed record StreamStep(StreamPosition Position, long To)
{
    /// <summary>Whether this transaction has moved it there: it was somewhere else before.</summary>
    public required bool Moves { get; init; }

    /// <summary>What is settled when it has committed.</summary>
    public required IReadOnlyList<StreamPlace> Places { get; init; }

    /// <summary>The messages that are remembered in this transaction.</summary>
    public required IReadOnlyList<Guid> Handled { get; init; }

    /// <summary>Those that an earlier one has settled, with its reply lost.</summary>
    public required IReadOnlyList<Guid> Known { get; init; }

    /// <summary>The transaction has committed.</summary>
    public void Commit()
    {
        foreach (var place in Places)
        {
            place.Settle();
        }

        Position.Advance(To, [.. Known, .. Handled]);
    }
}
