using System.Text.Json;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Diagrams;
using Messaging.Toolkit.Sagas.Engine;
using Messaging.Toolkit.Sagas.Processes;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>The sagas of one scope.</summary>
internal sealed class SagaBus(
    IServiceProvider scope, MessagingModel model, MessageBus bus, OutgoingMessages outgoing, MessageIds ids, StoreCollection stores, SagaServices services) : ISagas
{
    private const int HistoryPage = 1000;

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    public Guid Start<TSaga, TState>(TState state, Guid? id = null) where TSaga : Saga<TState> where TState : class
    {
        var (definition, endpoint) = Get(typeof(TSaga));
        var saga = id ?? bus.NewId(SagaSignal.Name);
        bus.SendTo(endpoint.Name, Signal(state, definition), new SagaRequest(definition.Name, saga).ToAddressing());
        return saga;
    }

    public async Task<SagaOutcome<TState>> RunAsync<TSaga, TState>(TState state, TimeSpan timeout, Guid? id = null, CancellationToken cancellationToken = default)
        where TSaga : Saga<TState> where TState : class
    {
        CheckWait(timeout);
        var (definition, endpoint) = Get(typeof(TSaga));
        var store = stores.Get(endpoint.Store);
        if (store.GetSession(scope).Cause is not null)
        {
            throw new MessagingException($"RunAsync of '{definition.Name}' was called in a handler: its transaction would stay open until the saga has ended. Use Start, and let the saga's last step send what the handler is to go on with.");
        }

        var saga = id ?? ids.New();
        await store.Outbox.AppendAsync(outgoing.CreateFor(endpoint.Name, Signal(state, definition), new SagaRequest(definition.Name, saga).ToAddressing(), configure: null, cause: null), cancellationToken);
        return await WaitAsync<TState>(definition, store, saga, timeout, cancellationToken);
    }

    public Task<SagaOutcome<TState>> WaitAsync<TSaga, TState>(Guid id, TimeSpan timeout, CancellationToken cancellationToken = default)
        where TSaga : Saga<TState> where TState : class
    {
        CheckWait(timeout);
        var (definition, endpoint) = Get(typeof(TSaga));
        return WaitAsync<TState>(definition, stores.Get(endpoint.Store), id, timeout, cancellationToken);
    }

    public async Task<SagaView?> FindAsync(Guid id, CancellationToken cancellationToken = default)
    {
        foreach (var store in Stores())
        {
            if (await store.SagaCatalogue.FindAsync([id], cancellationToken) is [var record, ..])
            {
                return ToView(record);
            }
        }

        return null;
    }

    public Task<SagaView?> FindAsync<TProcess>(object correlation, CancellationToken cancellationToken = default) where TProcess : ProcessManagerBase
    {
        ArgumentNullException.ThrowIfNull(correlation);
        var definition = Get(typeof(TProcess)).Definition;
        return FindAsync(ProcessDefinition.IdOf(definition.Name, CorrelationText.Of(correlation, definition.Name)!), cancellationToken);
    }

    public async Task<IReadOnlyList<SagaView>> QueryAsync(SagaQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var pages = new List<IReadOnlyList<SagaRecord>>();
        foreach (var store in Stores())
        {
            pages.Add(await store.SagaCatalogue.QueryAsync(query, cancellationToken));
        }

        // A database's own order of ids is the one that it pages by.
        return pages is [var page]
            ? [.. page.Select(ToView)]
            : [.. pages.SelectMany(records => records).OrderByDescending(record => record.CreatedAt).ThenByDescending(record => record.Id).Take(query.Limit).Select(ToView)];
    }

    public Task<IReadOnlyList<SagaHistoryEntry>> GetHistoryAsync(Guid id, CancellationToken cancellationToken = default)
        => GetHistoryAsync(id, after: 0, HistoryPage, cancellationToken);

    public async Task<IReadOnlyList<SagaHistoryEntry>> GetHistoryAsync(Guid id, int after, int limit, CancellationToken cancellationToken = default)
    {
        foreach (var store in Stores())
        {
            if (await store.SagaCatalogue.ReadHistoryAsync(id, after, limit, cancellationToken) is { Count: > 0 } history)
            {
                return history;
            }
        }

        return [];
    }

    public void Resume(SagaView instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        bus.SendTo(EndpointOf(instance.Definition) ?? instance.Endpoint, new SagaSignal(SagaSignalKind.Resume), new SagaRequest(instance.Definition, instance.Id).ToAddressing());
    }

    public async Task<bool> CancelAsync(Guid id, string reason, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        SagaRecord? record = null;
        foreach (var store in Stores())
        {
            record ??= (await store.SagaCatalogue.FindAsync([id], cancellationToken)).FirstOrDefault();
        }

        if (record is null || record.Status is SagaStatus.Completed or SagaStatus.Compensated or SagaStatus.Compensating)
        {
            return false;
        }

        if (EndpointOf(record.Definition) is not { } endpoint)
        {
            throw Unknown($"'{record.Definition}'");
        }

        if (model.Endpoints.SelectMany(known => known.Instances).First(known => known.Name == record.Definition) is not SagaDefinition saga)
        {
            throw new MessagingException($"{id:N} is an instance of the process manager '{record.Definition}', which has nothing to undo it by: send it an event that ends it.");
        }

        if (!CanBeCancelled(saga, record))
        {
            return false;
        }

        bus.SendTo(endpoint, new SagaSignal(SagaSignalKind.Cancel, Reason: reason), new SagaRequest(record.Definition, id).ToAddressing());
        return true;
    }

    public string ToMermaid(string definition, SagaView? instance = null)
    {
        var known = model.Endpoints.SelectMany(endpoint => endpoint.Instances).FirstOrDefault(each => each.Name == definition) ?? throw Unknown($"'{definition}'");
        return MermaidDiagram.Of(known, instance);
    }

    private async Task<SagaOutcome<TState>> WaitAsync<TState>(InstanceDefinition definition, IMessageStore store, Guid id, TimeSpan timeout, CancellationToken cancellationToken) where TState : class
    {
        var record = await services.Watch.WaitAsync(store, id, timeout, cancellationToken);
        if (record is null)
        {
            return new SagaOutcome<TState>(id, SagaStatus.Running);
        }

        if (record.Definition != definition.Name)
        {
            throw new MessagingException($"{id} is an instance of '{record.Definition}' and not of '{definition.Name}': ids are shared by all sagas, so choose another one.");
        }

        var state = definition.MapState(record.State, record.Version);
        return new SagaOutcome<TState>(id, record.Status, (TState)services.States.Read(state, typeof(TState), definition.Name), record.Reason, record.Failure);
    }

    /// <summary>Whether it is before its pivot, as far as that can be seen from here. What it can still be when the signal comes is for the engine to say.</summary>
    private static bool CanBeCancelled(SagaDefinition saga, SagaRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(record.Progress, SagaJson.Default.SagaProgress) is not { } progress
                || (progress is { Status: SagaStatus.Running, IsPastPivot: false } && !progress.Steps.Any(run => run.State == StepState.Running && saga.IsPivot(run.Step)));
        }
        catch (JsonException)
        {
            return true;
        }
    }

    private (InstanceDefinition Definition, EndpointDefinition Endpoint) Get(Type type)
    {
        foreach (var endpoint in model.Endpoints)
        {
            if (endpoint.Instances.FirstOrDefault(definition => definition.ClrType == type) is { } definition)
            {
                return (definition, endpoint);
            }
        }

        throw Unknown(type.Name);
    }

    /// <summary>Where a definition runs now: it may have been elsewhere when the instance was last handled. Null if not in this application.</summary>
    private string? EndpointOf(string definition)
        => model.Endpoints.FirstOrDefault(endpoint => endpoint.Instances.Any(known => known.Name == definition))?.Name;

    private IEnumerable<IMessageStore> Stores()
    {
        var names = model.Endpoints.Where(endpoint => endpoint.Instances.Count > 0).Select(endpoint => endpoint.Store).Distinct().ToList();
        return names.Count == 0 ? stores.All : names.Select(stores.Get);
    }

    private SagaSignal Signal(object? state, InstanceDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new SagaSignal(SagaSignalKind.Start, services.States.Write(state, definition.Name), definition.Version);
    }

    private static void CheckWait(TimeSpan timeout)
    {
        if (timeout < TimeSpan.Zero || timeout > LongestWait)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "Wait between 0 and 1 day.");
        }
    }

    private static MessagingException Unknown(string what)
        => new($"No endpoint of this application runs {what}: add .Saga<TSaga>() or .Process<TProcess>() to one, here too if it runs in other processes only (Outbox.RelayHere).");

    private static SagaView ToView(SagaRecord record) => new()
    {
        Id = record.Id,
        Definition = record.Definition,
        Version = record.Version,
        Endpoint = record.Endpoint,
        Correlation = record.Correlation,
        Status = record.Status,
        Position = record.Position,
        Reason = record.Reason,
        Failure = record.Failure,
        DueAt = record.DueAt,
        CreatedAt = record.CreatedAt,
        ChangedAt = record.ChangedAt,
        State = record.State,
    };
}
