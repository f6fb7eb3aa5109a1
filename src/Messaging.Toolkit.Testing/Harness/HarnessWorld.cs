using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Stores;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Testing.Checks;
using Messaging.Toolkit.Testing.Databases;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Testing.Harness;

/// <summary>
/// The world of a harness: one node, without faults, in which nothing takes time but what the application waits for. It goes on
/// while a test waits for it, on the test's thread.
/// </summary>
internal sealed class HarnessWorld : IDisposable
{
    /// <summary>Any would do: it decides what goes first of things that have no order.</summary>
    private const ulong Seed = 1;

    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(1);

    /// <summary>In real time: how late a thread of a busy machine may be.</summary>
    private static readonly TimeSpan EscapeLimit = TimeSpan.FromSeconds(2);

    private readonly ServiceCollection configured = [];
    private readonly World world = new(Seed);
    private readonly Dictionary<Type, SimulatedDatabase> databases = [];
    private readonly DatabaseTemplates templates;
    private readonly SimulatedNode node;
    private ServiceProvider? services;
    private Exception? failure;
    private bool isPumping;
    private bool isDisposed;

    public HarnessWorld(Action<IServiceCollection> configure)
    {
        configure(configured);
        Model = NodeServices.Model(configured);
        LetTimePass(Model);
        var faults = new FaultPlan(Seed, FaultRates.None);
        Ledger = new Ledger(world, faults, static (destination, _) => destination == HarnessTransport.Outside ? [] : [destination]);
        Outside = new Lane(world, "test");
        node = new SimulatedNode(world, Outside, 1, faults, Build, (_, exception) => failure = exception) { HasLatency = false };
        templates = new DatabaseTemplates(AddConfigured, given: []);
        try
        {
            foreach (var type in NodeServices.ContextTypes(configured))
            {
                var (path, names) = templates.Copy(type, isNew: false);
                databases.Add(type, new SimulatedDatabase(world, path, names, Ledger));
            }

            node.Start();
            Pump(() => node.IsUp || failure is not null, StopLimit);
            ThrowFailure();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The configuration of the application.</summary>
    public MessagingModel Model { get; }

    public Ledger Ledger { get; }

    /// <summary>The test, as seen from inside.</summary>
    public Lane Outside { get; }

    public string Log => world.Trace.ToString();

    /// <summary>Whether every message has been handled or has become a dead letter.</summary>
    public bool IsIdle => Ledger.Unended == 0 && databases.Values.All(database => database.IsDrained && !database.HasScheduled(world.Now));

    public Task<CallResult> CallAsync(Func<IServiceProvider, Task> call)
    {
        Enter();
        return node.CallAsync((scope, _) => call(scope));
    }

    /// <summary>Lets things happen until the condition holds. False if the time is over before.</summary>
    public bool Pump(Func<bool> condition, TimeSpan limit)
    {
        Enter();
        Wake();
        isPumping = true;
        try
        {
            return RunUntil(condition, limit);
        }
        finally
        {
            isPumping = false;
        }
    }

    /// <summary>To be called before it is said that something does not come: it may be on its way on another thread, which is what to say then.</summary>
    /// <exception cref="InvalidOperationException">Something went on on another thread.</exception>
    public void AwaitEscape() => world.AwaitEscape(EscapeLimit);

    public void Dispose()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        world.MoveToThisThread();
        Stop();
        node.Life?.End();
        foreach (var database in databases.Values)
        {
            database.Dispose();
        }

        templates.Dispose();
    }

    private void Enter()
    {
        ObjectDisposedException.ThrowIf(isDisposed, typeof(MessagingHarness));
        if (isPumping)
        {
            throw new InvalidOperationException("The harness was called by code that it runs itself: call it from the test, one call after the other.");
        }

        world.MoveToThisThread();
    }

    /// <summary>
    /// There is nobody to take over from and nobody who commits unseen. What is done every second because there might be would
    /// make the way to next week long. And time does not move for rows that more might be deleted with.
    /// </summary>
    private static void LetTimePass(MessagingModel model)
    {
        model.Outbox.LeaseDuration = TimeSpan.FromDays(30);
        model.Outbox.MaxPollInterval = TimeSpan.FromDays(1);
        model.Outbox.Gathering = TimeSpan.Zero;
        model.Inbox.CleanupInterval = TimeSpan.FromHours(1);
        model.Scheduling.PollInterval = TimeSpan.FromDays(1);
    }

    /// <summary>Has the outbox looked at, which takes the place of polling: what was committed past EF is found too.</summary>
    private void Wake()
    {
        foreach (var store in services?.GetServices<IMessageStore>().OfType<EfMessageStore>() ?? [])
        {
            store.OnCommitted(dueIn: TimeSpan.Zero);
        }
    }

    private void Stop()
    {
        var isStopped = false;
        node.Stop(_ => isStopped = true);
        try
        {
            RunUntil(() => isStopped || node.Life is null || failure is not null, StopLimit);
        }
        catch (InvalidOperationException)
        {
            // It is over. What the test has waited for has told it.
        }
    }

    private bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        var circles = new CircleGuard(world, Ledger);
        return world.RunUntil(
            () =>
            {
                circles.Check();
                return condition();
            },
            limit);
    }

    private void ThrowFailure()
    {
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void AddConfigured(IServiceCollection services)
    {
        foreach (var service in configured)
        {
            services.Add(service);
        }
    }

    private ServiceProvider Build(NodeLife life, SeededRandom entropy) => services = Services(life, entropy).BuildServiceProvider(validateScopes: true);

    private ServiceCollection Services(NodeLife life, SeededRandom entropy)
    {
        var services = new ServiceCollection();
        AddConfigured(services);
        NodeServices.Simulate(services, life, entropy);
        services.AddLogging(logging => logging.ClearProviders().AddProvider(new TraceLoggerProvider(life, withStacks: true)));
        var transport = new HarnessTransport([.. Model.Endpoints.Select(endpoint => endpoint.Name)]);
        NodeServices.UseTransports(services, (_, _, _) => transport);
        services.Replace(ServiceDescriptor.Singleton(provider => new Destinations(
            provider.GetRequiredService<MessagingModel>(), provider.GetRequiredService<TransportCollection>(), HarnessTransport.Outside)));
        foreach (var (type, database) in databases)
        {
            NodeOptions.UseSqlite(services, type, database.ConnectionString, options =>
            {
                NodeOptions.Simulate(options, database, life);
                new SqliteDbContextOptionsBuilder(options).ExecutionStrategy(
                    dependencies => new SimulatedStrategy(dependencies, new LaneTime(life.Lane), retries: false));
            });
        }

        var contexts = databases.Keys.ToDictionary(type => type.Name);
        var endpoints = Model.Endpoints.Select(endpoint =>
            NodeServices.Watch(endpoint, endpoint.Store is { } store ? contexts[store] : contexts.Values.Single(), life, Ledger));
        NodeServices.UseModel(services, Model.With([.. endpoints]));
        return services;
    }
}
