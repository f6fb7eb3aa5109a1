using Messaging.Toolkit.Sagas.Storage;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>An instance while a message of it is being handled: as it was read, and what has happened to it since.</summary>
internal sealed class Instance(Guid id, SagaReading reading, MessageContext message)
{
    private const int MaxDetailLength = 500;

    private readonly List<SagaHistoryEntry> history = [];

    public Guid Id => id;

    /// <summary>As it was read; null if it does not exist yet.</summary>
    public SagaRecord? Record => reading.Record;

    /// <summary>The store's clock.</summary>
    public DateTime Now => reading.Now;

    public IReadOnlyList<SagaHistoryEntry> History => history;

    public bool IsFinished => Record?.Status is SagaStatus.Completed or SagaStatus.Compensated;

    /// <summary>The endpoint has marked it as stuck, because a message of it could not be handled.</summary>
    public bool IsMarked { get; set; }

    public void Note(SagaEvent told, string? step = null, string? detail = null, SagaFailureKind? failure = null)
        => history.Add(new SagaHistoryEntry
        {
            Sequence = (Record?.HistoryLength ?? 0) + history.Count + 1,
            At = Now,
            Event = told,
            Step = step,
            MessageId = message.MessageId,
            Failure = failure,
            Detail = detail is { Length: > MaxDetailLength } ? detail[..MaxDetailLength] : detail,
        });
}
