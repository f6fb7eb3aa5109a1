using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>Reads and writes instances of one definition, and brings those of older versions up.</summary>
/// <param name="definition">The definition.</param>
/// <param name="endpoint">The endpoint that runs it.</param>
/// <param name="progressType">How the progress is written.</param>
/// <param name="bringUp">Makes a progress of a version one of the current version.</param>
/// <param name="dependencies">What a progress of the current version depends on.</param>
internal sealed class InstanceRepository<TProgress>(
    InstanceDefinition definition, string endpoint, JsonTypeInfo<TProgress> progressType,
    Func<TProgress, int, TProgress> bringUp, Func<TProgress, IEnumerable<Dependency>> dependencies) where TProgress : class
{
    public async Task<Instance> ReadAsync(IMessageStore store, IServiceProvider scope, Guid id, MessageContext message, CancellationToken cancellationToken)
    {
        var instance = new Instance(id, await store.Sagas.ReadAsync(scope, id, cancellationToken), message);
        if (instance.Record is { } record && record.Definition != definition.Name)
        {
            throw new UnhandleableException($"{id:N} is an instance of '{record.Definition}' and not of '{definition.Name}'");
        }

        return instance;
    }

    /// <summary>Reads what is stored of an instance, as the current version of the definition understands it.</summary>
    /// <exception cref="SagaMisplacedException">It stands where the definition has nothing.</exception>
    /// <exception cref="MessagingException">What is stored cannot be read.</exception>
    public (TProgress Progress, object State) Open(Instance instance, SagaStates states)
    {
        var record = instance.Record!;
        if (record.Version > definition.Version)
        {
            throw new SagaMisplacedException($"Saga {record.Id:N} is of version {record.Version} of '{definition.Name}', and this process has version {definition.Version}: its messages wait for a process that has it.");
        }

        var progress = bringUp(ReadProgress(record), record.Version);
        if (dependencies(progress).FirstOrDefault(dependency => !dependency.IsThere).What is { } unknown)
        {
            throw new SagaMisplacedException(
                $"Saga {record.Id:N} of '{definition.Name}' depends on {unknown}, which the definition does not have any more. " +
                "It is not touched, and its messages wait: deploy a definition that has it, or one with a new Version whose upgrade says what has become of it.");
        }

        if (record.Version != definition.Version || record.Shape != definition.Shape)
        {
            instance.Note(SagaEvent.Upgraded, detail: $"{record.Version} {record.Shape} to {definition.Version} {definition.Shape}");
        }

        return (progress, states.Read(definition.MapState(record.State, record.Version), definition.StateType, definition.Name));
    }

    /// <summary>Writes an instance, in the transaction of the message that is being handled.</summary>
    public async Task WriteAsync(
        IMessageStore store, IServiceProvider scope, Instance instance, TProgress progress, string state, InstanceSummary summary, CancellationToken cancellationToken)
    {
        var before = instance.Record;
        await store.Sagas.WriteAsync(
            scope,
            new SagaRecord
            {
                Id = instance.Id,
                Definition = definition.Name,
                Endpoint = endpoint,
                Correlation = before?.Correlation ?? summary.Correlation,
                Revision = (before?.Revision ?? 0) + 1,
                HistoryLength = (before?.HistoryLength ?? 0) + instance.History.Count,
                Version = definition.Version,
                Shape = definition.Shape,
                Status = summary.Status,
                Position = summary.Position,
                State = state,
                Progress = JsonSerializer.Serialize(progress, progressType),
                Reason = summary.Reason,
                Failure = summary.Failure,
                DueAt = summary.DueAt,
                CreatedAt = before?.CreatedAt ?? instance.Now,
                ChangedAt = instance.Now,
            },
            instance.History,
            cancellationToken);
    }

    private TProgress ReadProgress(SagaRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(record.Progress, progressType) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            throw new MessagingException($"The stored progress of saga {record.Id:N} of '{definition.Name}' cannot be read: mend the row.");
        }
    }
}

/// <summary>What is stored of an instance for those who look for it.</summary>
internal readonly record struct InstanceSummary(string Correlation, SagaStatus Status, string Position, string? Reason, SagaFailureKind? Failure, DateTime? DueAt);
