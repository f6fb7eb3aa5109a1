using System.Runtime.ExceptionServices;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Testing.Harness;
using Messaging.Toolkit.Testing.Worlds;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing;

/// <summary>
/// Runs an application's endpoints inside a unit test: its own handlers, the toolkit as in production, a new SQLite database, and
/// a clock that moves when the test says so. Nothing goes wrong unless the application does it, and every run is the same. To
/// see what happens when things do go wrong, use a <see cref="Simulation"/>.
/// </summary>
/// <remarks>
/// <para>Its methods return when everything they stand for has happened, on the caller's thread: nothing runs in the background,
/// so there is nothing to await, and between two calls the world stands still. Call them one after the other.</para>
/// <para>What runs in it must wait for nothing from outside: see docs/testing.md.</para>
/// </remarks>
public sealed class MessagingHarness : IDisposable
{
    private const int MostShown = 5;

    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CallLimit = TimeSpan.FromHours(1);

    private readonly HarnessWorld world;

    private MessagingHarness(HarnessWorld world)
    {
        this.world = world;
        Time = new LaneTime(world.Outside);
    }

    /// <summary>The application's clock. It begins at 2030-01-01 00:00 UTC.</summary>
    public TimeProvider Time { get; }

    /// <summary>The messages that could not be handled, with the reason and the whole exception, in the order in which they were given up.</summary>
    public IReadOnlyList<DeadLetter> DeadLetters => [.. world.Ledger.DeadLetters];

    /// <summary>Everything that has happened, a line each: commits, attempts, effects, and every warning and error with its exception.</summary>
    public string Log => world.Log;

    /// <summary>Starts an application.</summary>
    /// <param name="configure">Adds its contexts, <c>AddMessaging</c> and what its handlers need, as in production, and stand-ins
    /// for what is outside of it, such as HTTP clients. Databases are replaced by SQLite, transports by delivery inside the
    /// process; other hosted services are not started.</param>
    /// <exception cref="MessagingConfigurationException">The configuration cannot work; it lists everything that is wrong.</exception>
    public static MessagingHarness Start(Action<IServiceCollection> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return new(new HarnessWorld(configure));
    }

    /// <summary>Starts an application that is simulated too.</summary>
    /// <typeparam name="TApplication">The application.</typeparam>
    /// <param name="replace">Registers what this test has instead, after the application's own.</param>
    /// <exception cref="MessagingConfigurationException">The configuration cannot work; it lists everything that is wrong.</exception>
    public static MessagingHarness Start<TApplication>(Action<IServiceCollection>? replace = null) where TApplication : ISimulatedApplication, new()
        => Start(services =>
        {
            new TApplication().ConfigureServices(services);
            replace?.Invoke(services);
        });

    /// <summary>Runs code in a scope of its own, as a controller would be, and returns when it has ended.</summary>
    /// <typeparam name="TService">What it needs: a DbContext, say, or <see cref="IServiceProvider"/> for the whole scope.</typeparam>
    /// <param name="call">The code. What it throws is thrown here.</param>
    /// <exception cref="TimeoutException">It has not ended after an hour of virtual time.</exception>
    /// <exception cref="InvalidOperationException">Something went on on another thread.</exception>
    public void Run<TService>(Func<TService, Task> call) where TService : notnull
        => Run<TService, bool>(async service =>
        {
            await call(service);
            return true;
        });

    /// <inheritdoc cref="Run{TService}(Func{TService, Task})"/>
    /// <typeparam name="TService">What it needs: a DbContext, say, or <see cref="IServiceProvider"/> for the whole scope.</typeparam>
    /// <typeparam name="TResult">What it returns.</typeparam>
    /// <returns>What the code returned.</returns>
    public TResult Run<TService, TResult>(Func<TService, Task<TResult>> call) where TService : notnull
    {
        ArgumentNullException.ThrowIfNull(call);
        TResult? result = default;
        var running = world.CallAsync(async scope => result = await call(scope.GetRequiredService<TService>()));
        if (!Pump(() => running.IsCompleted, CallLimit))
        {
            world.AwaitEscape();
            throw new TimeoutException($"The call has not ended after {CallLimit} of virtual time: it waits for something that does not come. {Escape.Advice}");
        }

        if (running.GetAwaiter().GetResult().Exception is { } exception)
        {
            ExceptionDispatchInfo.Throw(exception);
        }

        return result!;
    }

    /// <summary>Returns when every message has been handled, or has become a dead letter.</summary>
    /// <param name="limit">How long that may take, in virtual time. Default one minute.</param>
    /// <exception cref="TimeoutException">Something is left; it says what.</exception>
    /// <exception cref="InvalidOperationException">Something went on on another thread, or messages answer each other for ever.</exception>
    public void WaitUntilIdle(TimeSpan? limit = null)
    {
        var longest = limit ?? DefaultLimit;
        if (!Pump(() => world.IsIdle, longest))
        {
            world.AwaitEscape();
            throw new TimeoutException($"There is work left after {longest} of virtual time: {Left()}");
        }
    }

    /// <summary>Moves the clock, and does all that falls due meanwhile.</summary>
    /// <param name="time">By how much. Not negative.</param>
    /// <exception cref="InvalidOperationException">Something went on on another thread, or messages answer each other for ever.</exception>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        Pump(static () => false, time);
    }

    /// <summary>The events and commands of a type that were published or sent and committed, in the order in which they were, whoever receives them.</summary>
    /// <typeparam name="T">A registered type.</typeparam>
    /// <exception cref="MessagingException">The type is not registered.</exception>
    public IReadOnlyList<PublishedMessage<T>> Published<T>() where T : class
    {
        var type = world.Model.Registry.Get(typeof(T));
        return [.. world.Ledger.Sent
            .Where(envelope => envelope.Type == type.Name)
            .DistinctBy(envelope => envelope.Id)
            .Select(envelope => new PublishedMessage<T>(Read<T>(type, envelope), envelope))];
    }

    /// <summary>The messages of a type that were handled, in the order in which they were.</summary>
    /// <typeparam name="T">A registered type.</typeparam>
    /// <param name="endpoint">The endpoint; all of them if it is left out.</param>
    /// <exception cref="MessagingException">The type is not registered.</exception>
    /// <exception cref="ArgumentException">There is no such endpoint.</exception>
    public IReadOnlyList<HandledMessage<T>> Handled<T>(string? endpoint = null) where T : class
    {
        var type = world.Model.Registry.Get(typeof(T));
        if (endpoint is not null && world.Model.Endpoints.All(known => known.Name != endpoint))
        {
            throw new ArgumentException($"There is no endpoint '{endpoint}': there are {string.Join(", ", world.Model.Endpoints.Select(known => known.Name))}.", nameof(endpoint));
        }

        return [.. world.Ledger.Effects
            .Where(fate => fate.Envelope.Type == type.Name && (endpoint is null || fate.Endpoint == endpoint))
            .Select(fate => new HandledMessage<T>(Read<T>(type, fate.Envelope), fate.Endpoint, fate.Runs, fate.Envelope))];
    }

    /// <summary>Stops the application as its host would, and deletes its database.</summary>
    public void Dispose() => world.Dispose();

    private static T Read<T>(MessageType type, MessageEnvelope envelope) where T : class => (T)type.Serializer.Deserialize(envelope.Body.Span, type.ClrType);

    private bool Pump(Func<bool> condition, TimeSpan limit)
    {
        var isReached = world.Pump(condition, limit);
        return world.Ledger.Violations.Count == 0 ? isReached : throw new MessagingException(
            "A guarantee was broken. Unless the application itself changes the toolkit's tables, that is a bug of the toolkit: " + string.Join(" ", world.Ledger.Violations));
    }

    private string Left()
    {
        var open = world.Ledger.Open.ToList();
        var lines = open.Take(MostShown).Select(fate => $"{fate} {(fate.Running > 0 ? "is being handled" : fate.Runs > 0 ? $"was tried {fate.Runs} times" : "has not been handled")}.")
            .Append(open.Count > MostShown ? $"And {open.Count - MostShown} more." : "")
            .Append(open.Count == 0 ? "messages in the outbox have not been sent." : "")
            .Append(world.Model.Outbox.RelayHere ? "" : "Outbox.RelayHere is false: the application leaves its messages to other processes.")
            .Append(open.Exists(fate => fate.Running > 0) ? $"A handler that does not return waits for something that does not come. {Escape.Advice}" : "")
            .Append("The harness's Log has everything that happened.");
        return string.Join(Environment.NewLine, lines.Where(line => line.Length > 0));
    }
}
