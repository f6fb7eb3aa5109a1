using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Checks;
using Messaging.Toolkit.Testing.Databases;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Worlds;
using Messaging.Toolkit.Transports.InProcess;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Simulations;

/// <summary>
/// One run of one seed: the application works while faults happen to it; then they stop and it must come to rest; then it
/// is stopped. What must be so is looked at all the time.
/// </summary>
internal sealed class SimulationRun : IDisposable
{
    /// <summary>In real time: how late a thread of a busy machine may be.</summary>
    private static readonly TimeSpan EscapeLimit = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan WorkLimit = TimeSpan.FromHours(1);
    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(1);

    private readonly SimulationDefinition definition;
    private readonly RunSettings settings;
    private readonly World world;
    private readonly Lane outside;
    private readonly FaultPlan faults;
    private readonly Ledger ledger;
    private readonly Dictionary<Type, SimulatedDatabase> databases = [];
    private readonly List<SimulatedNode> nodes = [];
    private readonly ServiceProvider observer;
    private readonly ISimulatedBroker? broker;
    private int checkedCommits;

    /// <summary>What falls due until then is waited for. Later timeouts are not: there may always be another one.</summary>
    private TimeSpan lastTimeout;

    public SimulationRun(SimulationDefinition definition, DatabaseTemplates templates, ulong seed, IReadOnlySet<FaultId>? only = null)
    {
        this.definition = definition;
        settings = RunSettings.For(definition, seed);
        world = new World(seed);
        outside = new Lane(world, "outside");
        faults = new FaultPlan(seed, settings.Rates, only);
        broker = settings.UsesBroker ? definition.Broker(world, outside, settings.Rates) : null;
        ledger = new Ledger(world, faults, (destination, envelope) => broker?.EndpointsOf(destination, envelope) ?? [destination]);

        var services = new ServiceCollection();
        definition.Configure(services);
        services.AddLogging();
        _ = NodeServices.Model(services);
        foreach (var type in NodeServices.ContextTypes(services))
        {
            var (path, names) = templates.Copy(type, settings.IsNew);
            var database = new SimulatedDatabase(world, path, names, ledger);
            databases.Add(type, database);
            NodeOptions.UseSqlite(services, type, database.ConnectionString);
        }

        observer = services.BuildServiceProvider();
        for (var number = 1; number <= settings.Nodes; number++)
        {
            nodes.Add(new SimulatedNode(world, outside, number, faults, Build, (life, failure) => ledger.Report("unhandled", $"{life.Name}: {failure}")));
        }

        world.AfterStep = AfterStep;
    }

    /// <summary>Runs. Never throws because of what the application does.</summary>
    public RunResult Execute()
    {
        try
        {
            Work();
            ComeToRest();
            Stop();
            ledger.CheckEnd(redelivers: broker is not null, IsStored);
        }
        catch (ViolationException)
        {
            // The ledger has it.
        }
        catch (EscapedException exception)
        {
            ledger.Report("determinism", exception.Message);
        }
        catch (Exception exception)
        {
            ledger.Report("unhandled", exception.ToString());
        }

        return new RunResult
        {
            Seed = world.Seed,
            Settings = settings.ToString(),
            Violations = ledger.Violations,
            Faults = faults.Happened,
            Coverage = faults.Coverage,
            Trace = world.Trace,
            Handled = ledger.Handled,
            Steps = world.Steps,
            VirtualTime = world.Now,
        };
    }

    public void Dispose()
    {
        foreach (var life in nodes.Select(node => node.Life).OfType<NodeLife>())
        {
            life.End();
        }

        observer.Dispose();
        foreach (var database in databases.Values)
        {
            database.Dispose();
        }
    }

    private void Work()
    {
        faults.IsActive = true;
        nodes.ForEach(node => node.Start());
        var work = new List<Task>();
        for (var number = 0; number < definition.Clients; number++)
        {
            var lane = new Lane(world, $"client-{number}");
            var client = new SimulationClient(number, lane, nodes, SeededRandom.For(world.Seed, lane.Name));
            var ended = new TaskCompletionSource();
            work.Add(ended.Task);
            world.Post(lane, () => _ = WorkAsync(client, ended));
        }

        Expect(() => work.TrueForAll(task => task.IsCompleted), WorkLimit, "The workload did not end");
    }

    private async Task WorkAsync(SimulationClient client, TaskCompletionSource ended)
    {
        try
        {
            await definition.Workload(client);
        }
        catch (Exception exception)
        {
            ledger.Report("workload", exception.ToString());
        }

        ended.SetResult();
    }

    private void ComeToRest()
    {
        faults.IsActive = false;
        lastTimeout = world.Now + (definition.DrainLimit / 2);
        world.Trace.Add(world.Now, outside.Name, "no more faults");
        Expect(IsAtRest, definition.DrainLimit, "Work is left although the faults have stopped");
        foreach (var invariant in definition.Finally.Where(invariant => !invariant.Check(observer)))
        {
            ledger.Report(invariant.Name, "It does not hold in the end.");
        }

        ThrowIfViolated();
    }

    private bool IsAtRest()
    {
        nodes.ForEach(node => node.Resume());
        return ledger.IsAtRest && nodes.TrueForAll(node => node.IsUp) && databases.Values.All(database => database.IsAtRest(lastTimeout)) && broker?.IsDrained != false;
    }

    private void Stop()
    {
        var stopped = 0;
        nodes.ForEach(node => node.Stop(life =>
        {
            stopped++;
            var open = life.Connections.Count + (broker?.OpenConnections(life) ?? 0);
            if (open > 0)
            {
                ledger.Report("G8", $"{life.Name} has stopped with {open} connections open.");
            }
        }));
        Expect(() => stopped == nodes.Count, StopLimit, "Nodes did not stop");
        CheckLeases();
    }

    private bool IsStored(Guid messageId) => broker?.IsDrained == false || databases.Values.Any(database => database.Stores(messageId));

    /// <summary>With faults some expire later: a node may have died with them, or could not give them up.</summary>
    private void CheckLeases()
    {
        foreach (var leases in databases.Values.Select(database => database.ReadLeases()).Where(leases => faults.Happened.Count == 0 && leases.Count > 0))
        {
            ledger.Report("G11", $"All nodes have stopped and these leases were not given up: {string.Join(", ", leases)}.");
        }
    }

    private void Expect(Func<bool> condition, TimeSpan limit, string otherwise)
    {
        if (!world.RunUntil(condition, limit))
        {
            var left = string.Join("; ", ledger.Open.Take(5));
            if (ledger.Open.Any(fate => fate.Running > 0))
            {
                // A handler that does not return may be on its way on another thread, which is what to say then.
                world.AwaitEscape(EscapeLimit);
            }

            ledger.Report("G6", $"{otherwise} within {limit} of virtual time. Left: {(left.Length > 0 ? left : "no message")}; {(broker?.IsDrained == false ? $"in the broker: {broker.Left}; " : "")}nodes: {string.Join(", ", nodes.Select(node => $"{node.Life?.Name ?? "down"} {node.Life?.Lane.State}"))}.", ledger.Open.FirstOrDefault()?.Envelope.Id);
            ThrowIfViolated();
        }
    }

    private void AfterStep()
    {
        if (ledger.Commits != checkedCommits)
        {
            checkedCommits = ledger.Commits;
            foreach (var invariant in definition.Always.Where(invariant => !invariant.Check(observer)))
            {
                ledger.Report(invariant.Name, "It does not hold.");
            }
        }

        ThrowIfViolated();
    }

    private void ThrowIfViolated()
    {
        if (ledger.Violations.Count > 0)
        {
            throw new ViolationException();
        }
    }

    private ServiceProvider Build(NodeLife life, SeededRandom entropy)
    {
        var services = new ServiceCollection();
        definition.Configure(services);
        NodeServices.Simulate(services, life, entropy);
        foreach (var (type, database) in databases)
        {
            NodeOptions.UseSqlite(services, type, database.ConnectionString, options =>
            {
                NodeOptions.Simulate(options, database, life);
                new SqliteDbContextOptionsBuilder(options).ExecutionStrategy(
                    dependencies => new SimulatedStrategy(dependencies, new LaneTime(life.Lane), settings.RetriesOnFailure));
            });
        }

        if (broker is not null)
        {
            broker.Serve(services, life, (rule, description) => ledger.Report(rule, description));
        }
        else
        {
            // Whatever the application has configured: there is nothing outside.
            var inProcess = new InProcessTransport();
            NodeServices.UseTransports(services, (_, _, _) => inProcess);
        }

        var model = NodeServices.Model(services);
        var contexts = databases.Keys.ToDictionary(type => type.Name);
        NodeServices.UseModel(services, settings.Apply(model, endpoint =>
            NodeServices.Watch(endpoint, endpoint.Store is { } store ? contexts[store] : contexts.Values.Single(), life, ledger)));
        return services.BuildServiceProvider();
    }

    private sealed class ViolationException : Exception;
}
