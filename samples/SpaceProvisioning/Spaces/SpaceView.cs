using Messaging.Toolkit.Sagas;

namespace SpaceProvisioning.Spaces;

/// <summary>What <c>GET /spaces/{id}</c> tells.</summary>
/// <param name="Space">The record; null before it is there, and after it was undone.</param>
/// <param name="Status">How far the saga has come.</param>
/// <param name="Position">The steps under way.</param>
/// <param name="Reason">Why the space could not be provisioned.</param>
/// <param name="History">What has happened.</param>
public sealed record SpaceView(Guid Id, Space? Space, SagaStatus Status, string Position, string? Reason, IReadOnlyList<SpaceView.Entry> History)
{
    public static SpaceView Of(SagaView saga, Space? space, IEnumerable<SagaHistoryEntry> history) => new(
        saga.Id, space, saga.Status, saga.Position, saga.Reason,
        [.. history.Select(entry => new Entry(entry.Sequence, entry.At, entry.Event, entry.Step, entry.Detail))]);

    public sealed record Entry(int Number, DateTime At, SagaEvent Event, string? Step, string? Detail);
}
