using System.Diagnostics.CodeAnalysis;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>
/// The names of tables and columns in one context's database, as the model has them and as EF quotes them: conventions
/// and renamings of the application are followed.
/// </summary>
internal sealed class TableNames
{
    private readonly ISqlGenerationHelper quoting;
    private readonly IModel model;

    public TableNames(DbContext context)
    {
        // The model and the helper are shared by all contexts of the type; the context itself must not be kept.
        model = context.Model;
        quoting = context.GetService<ISqlGenerationHelper>();
        Outbox = new(
            Table<OutboxRow>(), Column<OutboxRow>(nameof(OutboxRow.Id)), Column<OutboxRow>(nameof(OutboxRow.MessageId)),
            Column<OutboxRow>(nameof(OutboxRow.Destination)), Column<OutboxRow>(nameof(OutboxRow.Bucket)), Column<OutboxRow>(nameof(OutboxRow.Key)),
            Column<OutboxRow>(nameof(OutboxRow.Type)), Column<OutboxRow>(nameof(OutboxRow.Headers)), Column<OutboxRow>(nameof(OutboxRow.Body)),
            Column<OutboxRow>(nameof(OutboxRow.CreatedAt)));
        Claim = new(
            Table<ClaimRow>(), Column<ClaimRow>(nameof(ClaimRow.Endpoint)), Column<ClaimRow>(nameof(ClaimRow.MessageId)), Column<ClaimRow>(nameof(ClaimRow.ClaimedAt)));
        Lease = new(
            Table<LeaseRow>(), Column<LeaseRow>(nameof(LeaseRow.Name)), Column<LeaseRow>(nameof(LeaseRow.Owner)),
            Column<LeaseRow>(nameof(LeaseRow.Epoch)), Column<LeaseRow>(nameof(LeaseRow.ExpiresAt)));
        DeadLetter = new(
            Table<DeadLetterRow>(), Column<DeadLetterRow>(nameof(DeadLetterRow.Endpoint)), Column<DeadLetterRow>(nameof(DeadLetterRow.MessageId)),
            Column<DeadLetterRow>(nameof(DeadLetterRow.Type)), Column<DeadLetterRow>(nameof(DeadLetterRow.Key)), Column<DeadLetterRow>(nameof(DeadLetterRow.Headers)),
            Column<DeadLetterRow>(nameof(DeadLetterRow.Body)), Column<DeadLetterRow>(nameof(DeadLetterRow.Reason)), Column<DeadLetterRow>(nameof(DeadLetterRow.Failure)),
            Column<DeadLetterRow>(nameof(DeadLetterRow.Attempts)), Column<DeadLetterRow>(nameof(DeadLetterRow.DeadAt)), Column<DeadLetterRow>(nameof(DeadLetterRow.Id)),
            Column<DeadLetterRow>(nameof(DeadLetterRow.Origin)), Column<DeadLetterRow>(nameof(DeadLetterRow.ExceptionType)), Column<DeadLetterRow>(nameof(DeadLetterRow.FirstFailedAt)));
        Parked = new(
            Table<ParkedRow>(), Column<ParkedRow>(nameof(ParkedRow.Id)), Column<ParkedRow>(nameof(ParkedRow.Endpoint)), Column<ParkedRow>(nameof(ParkedRow.MessageId)),
            Column<ParkedRow>(nameof(ParkedRow.Type)), Column<ParkedRow>(nameof(ParkedRow.Key)), Column<ParkedRow>(nameof(ParkedRow.Headers)), Column<ParkedRow>(nameof(ParkedRow.Body)),
            Column<ParkedRow>(nameof(ParkedRow.Attempts)), Column<ParkedRow>(nameof(ParkedRow.Delays)), Column<ParkedRow>(nameof(ParkedRow.FirstFailedAt)), Column<ParkedRow>(nameof(ParkedRow.DueAt)));
        Saga = new(
            Table<SagaRow>(), Column<SagaRow>(nameof(SagaRow.Id)), Column<SagaRow>(nameof(SagaRow.Definition)), Column<SagaRow>(nameof(SagaRow.Endpoint)),
            Column<SagaRow>(nameof(SagaRow.Correlation)), Column<SagaRow>(nameof(SagaRow.Revision)), Column<SagaRow>(nameof(SagaRow.Version)),
            Column<SagaRow>(nameof(SagaRow.Shape)), Column<SagaRow>(nameof(SagaRow.Status)), Column<SagaRow>(nameof(SagaRow.Position)),
            Column<SagaRow>(nameof(SagaRow.State)), Column<SagaRow>(nameof(SagaRow.Progress)), Column<SagaRow>(nameof(SagaRow.Reason)),
            Column<SagaRow>(nameof(SagaRow.DueAt)), Column<SagaRow>(nameof(SagaRow.CreatedAt)), Column<SagaRow>(nameof(SagaRow.ChangedAt)), Column<SagaRow>(nameof(SagaRow.HistoryLength)),
            Column<SagaRow>(nameof(SagaRow.Failure)));
        SagaHistory = new(
            Table<SagaHistoryRow>(), Column<SagaHistoryRow>(nameof(SagaHistoryRow.SagaId)), Column<SagaHistoryRow>(nameof(SagaHistoryRow.Sequence)),
            Column<SagaHistoryRow>(nameof(SagaHistoryRow.At)), Column<SagaHistoryRow>(nameof(SagaHistoryRow.Event)), Column<SagaHistoryRow>(nameof(SagaHistoryRow.Step)),
            Column<SagaHistoryRow>(nameof(SagaHistoryRow.MessageId)), Column<SagaHistoryRow>(nameof(SagaHistoryRow.Detail)), Column<SagaHistoryRow>(nameof(SagaHistoryRow.Failure)));
        Schedule = new(
            Table<ScheduleRow>(), Column<ScheduleRow>(nameof(ScheduleRow.Id)), Column<ScheduleRow>(nameof(ScheduleRow.ScheduleId)), Column<ScheduleRow>(nameof(ScheduleRow.DueAt)),
            Column<ScheduleRow>(nameof(ScheduleRow.MessageId)), Column<ScheduleRow>(nameof(ScheduleRow.Destination)), Column<ScheduleRow>(nameof(ScheduleRow.Bucket)),
            Column<ScheduleRow>(nameof(ScheduleRow.Key)), Column<ScheduleRow>(nameof(ScheduleRow.Type)), Column<ScheduleRow>(nameof(ScheduleRow.Headers)),
            Column<ScheduleRow>(nameof(ScheduleRow.Body)), Column<ScheduleRow>(nameof(ScheduleRow.CreatedAt)));
        Journal = new(
            Table<JournalRow>(), Column<JournalRow>(nameof(JournalRow.Id)), Column<JournalRow>(nameof(JournalRow.ConversationId)), Column<JournalRow>(nameof(JournalRow.HybridTime)),
            Column<JournalRow>(nameof(JournalRow.Event)), Column<JournalRow>(nameof(JournalRow.MessageId)), Column<JournalRow>(nameof(JournalRow.CausationId)),
            Column<JournalRow>(nameof(JournalRow.CorrelationId)), Column<JournalRow>(nameof(JournalRow.Type)), Column<JournalRow>(nameof(JournalRow.Source)),
            Column<JournalRow>(nameof(JournalRow.Service)), Column<JournalRow>(nameof(JournalRow.Endpoint)), Column<JournalRow>(nameof(JournalRow.RecordedAt)));
        Recurring = new(
            Table<RecurringRow>(), Column<RecurringRow>(nameof(RecurringRow.Name)), Column<RecurringRow>(nameof(RecurringRow.Expression)), Column<RecurringRow>(nameof(RecurringRow.LastTick)));
        Stream = new(
            Table<StreamRow>(), Column<StreamRow>(nameof(StreamRow.Endpoint)), Column<StreamRow>(nameof(StreamRow.Stream)), Column<StreamRow>(nameof(StreamRow.Epoch)),
            Column<StreamRow>(nameof(StreamRow.Next)), Column<StreamRow>(nameof(StreamRow.ClaimsUntil)));
        StreamIds = new(
            Table<StreamIdsRow>(), Column<StreamIdsRow>(nameof(StreamIdsRow.Id)), Column<StreamIdsRow>(nameof(StreamIdsRow.Endpoint)),
            Column<StreamIdsRow>(nameof(StreamIdsRow.Stream)), Column<StreamIdsRow>(nameof(StreamIdsRow.Total)), Column<StreamIdsRow>(nameof(StreamIdsRow.Ids)));
    }

    public OutboxNames Outbox { get; }

    public ClaimNames Claim { get; }

    public LeaseNames Lease { get; }

    public DeadLetterNames DeadLetter { get; }

    public ParkedNames Parked { get; }

    public SagaNames Saga { get; }

    public SagaHistoryNames SagaHistory { get; }

    public ScheduleNames Schedule { get; }

    public RecurringNames Recurring { get; }

    public StreamNames Stream { get; }

    public StreamIdsNames StreamIds { get; }

    public JournalNames Journal { get; }

    /// <summary>A name as EF quotes it.</summary>
    public string Quote(string name, string? schema) => quoting.DelimitIdentifier(name, schema);

    /// <summary>What EF Core reads of the class of an entity.</summary>
    private const DynamicallyAccessedMemberTypes OfRows
        = DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.NonPublicConstructors
          | DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields
          | DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.NonPublicProperties | DynamicallyAccessedMemberTypes.Interfaces;

    private string Table<[DynamicallyAccessedMembers(OfRows)] TRow>()
    {
        var entity = model.FindEntityType(typeof(TRow))!;
        return quoting.DelimitIdentifier(entity.GetTableName()!, entity.GetSchema());
    }

    private string Column<[DynamicallyAccessedMembers(OfRows)] TRow>(string property)
        => quoting.DelimitIdentifier(model.FindEntityType(typeof(TRow))!.FindProperty(property)!.GetColumnName());

    public sealed record OutboxNames(
        string Table, string Id, string MessageId, string Destination, string Bucket, string Key, string Type, string Headers, string Body, string CreatedAt);

    public sealed record ClaimNames(string Table, string Endpoint, string MessageId, string ClaimedAt);

    public sealed record LeaseNames(string Table, string Name, string Owner, string Epoch, string ExpiresAt);

    public sealed record DeadLetterNames(
        string Table, string Endpoint, string MessageId, string Type, string Key, string Headers, string Body, string Reason, string Failure, string Attempts, string DeadAt,
        string Id, string Origin, string ExceptionType, string FirstFailedAt);

    public sealed record ParkedNames(
        string Table, string Id, string Endpoint, string MessageId, string Type, string Key, string Headers, string Body, string Attempts, string Delays, string FirstFailedAt, string DueAt);

    public sealed record SagaNames(
        string Table, string Id, string Definition, string Endpoint, string Correlation, string Revision, string Version, string Shape, string Status, string Position,
        string State, string Progress, string Reason, string DueAt, string CreatedAt, string ChangedAt, string HistoryLength, string Failure);

    public sealed record SagaHistoryNames(string Table, string SagaId, string Sequence, string At, string Event, string Step, string MessageId, string Detail, string Failure);

    public sealed record ScheduleNames(
        string Table, string Id, string ScheduleId, string DueAt, string MessageId, string Destination, string Bucket, string Key, string Type, string Headers, string Body, string CreatedAt);

    public sealed record JournalNames(
        string Table, string Id, string ConversationId, string HybridTime, string Event, string MessageId, string CausationId, string CorrelationId, string Type, string Source,
        string Service, string Endpoint, string RecordedAt);

    public sealed record RecurringNames(string Table, string Name, string Expression, string LastTick);

    public sealed record StreamNames(string Table, string Endpoint, string Stream, string Epoch, string Next, string ClaimsUntil);

    public sealed record StreamIdsNames(string Table, string Id, string Endpoint, string Stream, string Total, string Ids);
}
