using System.Text.Json;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Diagnostics.Tracing;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Scheduling;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Streams;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Tests.Budgets;

/// <summary>
/// An endpoint that has no store and no transport: what the toolkit itself does with messages, from their bytes to their handler and back to their settlement. Beside it the same
/// done by hand. Everything happens on the thread that calls it.
/// </summary>
sealed class Dispatching : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly DeliveryProcessor processor;
    private readonly KeyedQueue<Work> queue = new(static work => work.Lane, static work => work.RunsAlone);

    public Dispatching()
    {
        var collection = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>)).AddSingleton<IMessageStore, OnlyScopes>().AddSingleton<Handled>().AddScoped<IOutboxSession, NothingSent>();
        collection.AddMessaging(messaging =>
        {
            messaging.Stores.Add(OnlyScopes.StoreName);
            messaging.Event<Placed>(e => e.Named("shop.placed").KeyedBy(m => m.Order)).Endpoint("billing", e => e.Handle<Placed, PlacedHandler>());
        });
        services = collection.BuildServiceProvider();
        var store = services.GetRequiredService<IMessageStore>();
        var model = services.GetRequiredService<MessagingModel>();
        var metrics = services.GetRequiredService<MessagingMetrics>();
        var time = services.GetRequiredService<TimeProvider>();
        var telemetry = new DeliveryTelemetry("billing", "in_process", services.GetRequiredService<Addresses>(), services.GetRequiredService<MessagingTracer>(), metrics.Client, isLinked: false, time);
        processor = new DeliveryProcessor(
            model.Endpoints.Single(), store, model, services.GetRequiredService<OutgoingMessages>(), services.GetRequiredService<ParkingAlarms>().Of(store), time,
            services.GetRequiredService<EntropySource>(), metrics, telemetry, NullLogger.Instance);
    }

    public int Handled => services.GetRequiredService<Handled>().Count;

    /// <summary>As a transport brings them: each of a key of its own.</summary>
    public static Delivery[] NewGroup(int count) => [.. Enumerable.Range(0, count).Select(number => new Delivery(NewEnvelope(number)))];

    /// <summary>What an endpoint does with them.</summary>
    public async Task DispatchAsync(Delivery[] deliveries)
    {
        var group = Take(deliveries);
        var verdicts = await processor.AttemptAsync(group, CancellationToken.None);
        if (Array.Exists(verdicts, verdict => verdict.Settlement != Settlement.Done))
        {
            throw new InvalidOperationException("They were not handled.");
        }

        queue.Complete(group, []);
    }

    /// <summary>A part of it: from the queue and back, without handling.</summary>
    public void Queue(Delivery[] deliveries) => queue.Complete(Take(deliveries), []);

    /// <summary>A part of it: for each message a scope, and out of that a unit of work, a bus and the handler.</summary>
    public async Task ResolveAsync(Delivery[] deliveries)
    {
        foreach (var _ in deliveries)
        {
            await using var scope = services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<IOutboxSession>();
            scope.ServiceProvider.GetRequiredService<MessageBus>();
            scope.ServiceProvider.GetRequiredService<PlacedHandler>();
        }
    }

    /// <summary>A part of it: messages from their bytes.</summary>
    public static int Read(Delivery[] deliveries)
    {
        var sum = 0;
        foreach (var delivery in deliveries)
        {
            sum += JsonSerializer.Deserialize<Placed>(delivery.Envelope.Body.Span, JsonSerializerOptions.Web)!.Number;
        }

        return sum;
    }

    /// <summary>The same by hand: a scope, a message and a handler for each.</summary>
    public async Task CallAsync(Delivery[] deliveries)
    {
        foreach (var delivery in deliveries)
        {
            await using var scope = services.CreateAsyncScope();
            var message = JsonSerializer.Deserialize<Placed>(delivery.Envelope.Body.Span, JsonSerializerOptions.Web)!;
            await scope.ServiceProvider.GetRequiredService<PlacedHandler>().HandleAsync(message, context: null!, CancellationToken.None);
        }
    }

    public ValueTask DisposeAsync() => services.DisposeAsync();

    private List<Work> Take(Delivery[] deliveries)
    {
        foreach (var delivery in deliveries)
        {
            queue.Add(new Work(delivery, NoReceiver.Instance));
        }

        return queue.Take(deliveries.Length);
    }

    private static MessageEnvelope NewEnvelope(int number)
    {
        var id = Guid.CreateVersion7();
        return new MessageEnvelope
        {
            Id = id, Type = "shop.placed", Source = "/shop", Time = DateTimeOffset.UnixEpoch, ContentType = "application/json", ConversationId = id, Key = $"order-{number}",
            Body = JsonSerializer.SerializeToUtf8Bytes(new Placed($"order-{number}", number), JsonSerializerOptions.Web),
        };
    }
}

sealed record Placed(string Order, int Number);

sealed class Handled
{
    public int Count { get; set; }
}

sealed class PlacedHandler(Handled handled) : IHandle<Placed>
{
    public Task HandleAsync(Placed message, MessageContext context, CancellationToken cancellationToken)
    {
        handled.Count++;
        return Task.CompletedTask;
    }
}

/// <summary>A store in which everything is handled for the first time, each message in a scope.</summary>
sealed class OnlyScopes(IServiceScopeFactory scopes) : IMessageStore, IInbox
{
    public const string StoreName = "nothing";

    public string Name => StoreName;

    public IInbox Inbox => this;

    public async Task<IReadOnlyList<HandlingOutcome>> HandleAsync(string endpoint, IReadOnlyList<Delivery> messages, HandleInScope handle, CancellationToken cancellationToken)
    {
        var outcomes = new HandlingOutcome[messages.Count];
        for (var index = 0; index < messages.Count; index++)
        {
            await using var scope = scopes.CreateAsyncScope();
            await handle(scope.ServiceProvider, scope.ServiceProvider.GetRequiredService<IOutboxSession>(), index, cancellationToken);
            outcomes[index] = HandlingOutcome.Handled;
        }

        return outcomes;
    }

    public bool IsTransient(Exception exception) => false;

    public IEnumerable<string> Validate() => [];

    public IOutboxSession GetSession(IServiceProvider scope) => scope.GetRequiredService<IOutboxSession>();

    public Task<HandlingOutcome> HandleParkedAsync(ParkedMessage parked, MessageEnvelope envelope, HandleInScope handle, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<StoreFigures> ReadFiguresAsync(int countUpTo, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IOutboxStore Outbox => throw new NotSupportedException();

    public ILeaseStore Leases => throw new NotSupportedException();

    public IParkingStore Parking => throw new NotSupportedException();

    public IDeadLetterStore DeadLetters => throw new NotSupportedException();

    public IScheduleStore Schedule => throw new NotSupportedException();

    public ISagaStore Sagas => throw new NotSupportedException();

    public ISagaCatalogue SagaCatalogue => throw new NotSupportedException();

    public IStreamStore Streams => throw new NotSupportedException();

    public IJournalStore Journal => throw new NotSupportedException();

    public event Action? MessagesCommitted
    {
        add { }
        remove { }
    }
}

/// <summary>A unit of work that nobody writes anything in.</summary>
sealed class NothingSent : IOutboxSession
{
    public MessageContext? Cause { get; set; }

    public bool CanWriteBeside => true;

    public void Add(IReadOnlyList<OutgoingMessage> messages)
    {
    }

    public void Cancel(string scheduleId) => throw new NotSupportedException();

    public void Record(JournalEntry entry) => throw new NotSupportedException();

    public void LeaveBehind(Task running) => throw new NotSupportedException();
}

/// <summary>Nothing comes from it, and it takes back anything.</summary>
sealed class NoReceiver : IReceiver
{
    public static NoReceiver Instance { get; } = new();

    public ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask CloseIntakeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
