using System.Data.Common;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Storage;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>The columns of an instance and of its history: in which order they are named, written and read.</summary>
internal static class SagaColumns
{
    /// <summary>The columns of one row of the history beside the instance's id.</summary>
    public const int OfHistory = 7;

    /// <summary>The parameters of an instance.</summary>
    public static string[] Parameters { get; } =
    [
        "@id", "@definition", "@endpoint", "@correlation", "@revision", "@version", "@shape", "@status", "@position", "@state", "@progress", "@reason", "@due_at",
        "@created_at", "@changed_at", "@history_length", "@failure",
    ];

    /// <summary>The columns of an instance, its id first.</summary>
    public static string[] Of(TableNames.SagaNames saga) =>
    [
        saga.Id, saga.Definition, saga.Endpoint, saga.Correlation, saga.Revision, saga.Version, saga.Shape, saga.Status, saga.Position, saga.State, saga.Progress, saga.Reason, saga.DueAt,
        saga.CreatedAt, saga.ChangedAt, saga.HistoryLength, saga.Failure,
    ];

    /// <summary>The columns of a row of the history, the instance's id first.</summary>
    public static string[] Of(TableNames.SagaHistoryNames history)
        => [history.SagaId, history.Sequence, history.At, history.Event, history.Step, history.MessageId, history.Detail, history.Failure];

    public static DbCommand With(this DbCommand command, SagaRecord record) => command
        .With("@id", record.Id).With("@definition", record.Definition).With("@endpoint", record.Endpoint).With("@correlation", record.Correlation)
        .With("@revision", record.Revision).With("@version", record.Version).With("@shape", record.Shape).With("@status", record.Status.ToString())
        .With("@position", record.Position).With("@state", record.State).With("@progress", record.Progress).With("@reason", StorableText.Reason(record.Reason))
        .With("@due_at", record.DueAt is { } due ? DbCommands.AsUtc(due) : default(DateTime?))
        .With("@created_at", DbCommands.AsUtc(record.CreatedAt)).With("@changed_at", DbCommands.AsUtc(record.ChangedAt)).With("@history_length", record.HistoryLength)
        .With("@failure", record.Failure?.ToString());

    /// <param name="command">Gets the parameters.</param>
    /// <param name="entry">A row of the history.</param>
    /// <param name="names">The names of the parameters, as many as <see cref="OfHistory"/>.</param>
    public static void With(this DbCommand command, SagaHistoryEntry entry, ReadOnlySpan<string> names) => command
        .With(names[0], entry.Sequence).With(names[1], DbCommands.AsUtc(entry.At)).With(names[2], entry.Event.ToString())
        .With(names[3], entry.Step).With(names[4], entry.MessageId).With(names[5], StorableText.Reason(entry.Detail)).With(names[6], entry.Failure?.ToString());

    public static SagaRecord ReadSaga(this DbDataReader reader) => new()
    {
        Id = reader.GetGuid(0),
        Definition = reader.GetString(1),
        Endpoint = reader.GetString(2),
        Correlation = reader.GetString(3),
        Revision = reader.GetInt32(4),
        Version = reader.GetInt32(5),
        Shape = reader.GetString(6),
        Status = Enum.Parse<SagaStatus>(reader.GetString(7)),
        Position = reader.GetString(8),
        State = reader.GetString(9),
        Progress = reader.GetString(10),
        Reason = reader.GetStringOrNull(11),
        DueAt = reader.IsDBNull(12) ? null : reader.GetUtc(12),
        CreatedAt = reader.GetUtc(13),
        ChangedAt = reader.GetUtc(14),
        HistoryLength = reader.GetInt32(15),
        Failure = reader.GetStringOrNull(16) is { } failure ? Enum.Parse<SagaFailureKind>(failure) : null,
    };

    public static SagaHistoryEntry ReadSagaHistory(this DbDataReader reader) => new()
    {
        Sequence = reader.GetInt32(1),
        At = reader.GetUtc(2),
        Event = Enum.Parse<SagaEvent>(reader.GetString(3)),
        Step = reader.GetStringOrNull(4),
        MessageId = reader.IsDBNull(5) ? null : reader.GetGuid(5),
        Detail = reader.GetStringOrNull(6),
        Failure = reader.GetStringOrNull(7) is { } failure ? Enum.Parse<SagaFailureKind>(failure) : null,
    };
}
