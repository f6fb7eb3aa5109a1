using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Testing.Brokers;
using Messaging.Toolkit.Testing.Checks;
using Messaging.Toolkit.Testing.Databases;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Nodes;
using Messaging.Toolkit.Testing.Tests.Limits;
using Messaging.Toolkit.Testing.Worlds;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace Messaging.Toolkit.Testing.Tests.Relays;

/// <summary>Fifty processes over one database, whose only destination breaks off all connections at one moment and is away for a minute. In virtual time.</summary>
public sealed class ManyRelaysTests : IDisposable
{
    private const int Processes = 50;
    private const int Keys = 200;
    private const int PerKey = 5;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Outage = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = new Outbox.OutboxOptions().MaxBackoff;

    private readonly World world = new(seed: 7);
    private readonly Lane outside;
    private readonly FaultPlan faults = new(7, FaultRates.None);
    private readonly Ledger ledger;
    private readonly DatabaseTemplates templates = new(Configure, given: []);
    private readonly SimulatedDatabase database;
    private readonly DistantBroker broker;
    private readonly List<SimulatedNode> nodes = [];
    private readonly List<Exception> failures = [];
    private readonly ITestOutputHelper output;
    private int mostConnections;

    public ManyRelaysTests(ITestOutputHelper output)
    {
        this.output = output;
        outside = new Lane(world, "outside");
        ledger = new Ledger(world, faults, static (_, _) => []);
        broker = new DistantBroker();
        var (path, names) = templates.Copy(typeof(DeskDb), isNew: false);
        database = new SimulatedDatabase(world, path, names, ledger);
    }

    [Fact]
    public void They_come_back_one_after_another_when_it_does_and_everything_drains()
    {
        for (var number = 1; number <= Processes; number++)
        {
            nodes.Add(new SimulatedNode(world, outside, number, faults, Build, (_, exception) => failures.Add(exception)));
            nodes[^1].Start();
        }

        Until(() => nodes.TrueForAll(node => node.IsUp) && broker.Open == Processes, "all have started and are connected");
        Until(() => database.ReadLeases().Count >= 64 + Processes, "all have their share of the buckets");

        var down = world.Now;
        broker.GoDown();
        Publish();
        Pass(Outage);
        broker.Arrived.Should().BeEmpty();
        var up = world.Now;
        broker.ComeUp();
        Until(() => broker.Arrived.Count >= Keys * PerKey, "everything has arrived");
        var drained = world.Now - up;
        Until(() => broker.Open == Processes, "all are connected again");
        var back = world.Now - up;

        var attempts = broker.Attempts.Where(attempt => attempt.At > down && attempt.At <= up).ToList();
        var perProcess = attempts.CountBy(attempt => attempt.Process).Max(count => count.Value);
        var steady = MostPerSecond(attempts.Select(attempt => attempt.At).Where(at => at > down + 2 * LongestPause));
        var reconnecting = MostPerSecond(broker.Attempts.Select(attempt => attempt.At).Where(at => at > up));
        output.WriteLine($"While it was away each process tried at most {perProcess} times, at last all together at most {steady} times in a second; when it was back at most {reconnecting} of {Processes} came in one second, all within {back}; drained after {drained}; at most {mostConnections} connections of a process to the database.");

        perProcess.Should().BeInRange(8, 22, "pauses double, from 50 ms to {0}", LongestPause);
        steady.Should().BeInRange(1, Processes / 3, "what failed together does not come back together");
        reconnecting.Should().BeInRange(1, Processes / 3);
        back.Should().BeLessThan(LongestPause + Second, "nobody waits longer than the longest pause");
        broker.MostOpen.Should().Be(Processes, "one connection each, and none is left behind");
        mostConnections.Should().BeLessThan(10, "pooled connections to the database are bounded as well");
        broker.Arrived.Should().OnlyHaveUniqueItems("nothing was under way when it went");
        failures.Should().BeEmpty();
    }

    public void Dispose()
    {
        nodes.ForEach(node => node.Life?.End());
        database.Dispose();
        templates.Dispose();
    }

    private static void Configure(IServiceCollection services)
    {
        services.AddDbContext<DeskDb>(options => options.UseSqlite("Data Source=nowhere/desk.db"));
        services.AddMessaging(messaging => messaging
            .UseEntityFrameworkCore<DeskDb>()
            .Event<Request>(e => e.Named("request").KeyedBy(m => m.Key)));
    }

    private ServiceProvider Build(NodeLife life, SeededRandom entropy)
    {
        var services = new ServiceCollection();
        Configure(services);
        NodeServices.Simulate(services, life, entropy);
        NodeServices.UseTransports(services, (_, _, _) => broker.TransportOf(life));
        NodeOptions.UseSqlite(services, typeof(DeskDb), database.ConnectionString, options =>
        {
            NodeOptions.Simulate(options, database, life);
            new SqliteDbContextOptionsBuilder(options).ExecutionStrategy(dependencies => new SimulatedStrategy(dependencies, new LaneTime(life.Lane), retries: false));
        });
        return services.BuildServiceProvider();
    }

    /// <summary>In one transaction of one process: the others find it by themselves.</summary>
    private void Publish()
    {
        var call = nodes[0].CallAsync(async (scope, _) =>
        {
            var db = scope.GetRequiredService<DeskDb>();
            for (var i = 0; i < Keys * PerKey; i++)
            {
                db.Publish(new Request($"key-{i % Keys}", i));
            }

            await db.SaveChangesAsync();
        });
        Until(() => call.IsCompleted, "it is published");
        call.Result.Should().Be(CallResult.Succeeded);
    }

    private void Until(Func<bool> condition, string what) => world.RunUntil(() => Watch(condition), TimeSpan.FromMinutes(2)).Should().BeTrue("within two minutes {0}", what);

    private void Pass(TimeSpan time) => world.RunUntil(() => Watch(static () => false), time);

    private bool Watch(Func<bool> condition)
    {
        mostConnections = Math.Max(mostConnections, nodes.Max(node => node.Life?.Connections.Count ?? 0));
        return condition();
    }

    /// <summary>The most that happened within any second.</summary>
    private static int MostPerSecond(IEnumerable<TimeSpan> moments)
    {
        var sorted = moments.Order().ToList();
        var (most, first) = (0, 0);
        for (var last = 0; last < sorted.Count; last++)
        {
            while (sorted[last] - sorted[first] >= Second)
            {
                first++;
            }

            most = Math.Max(most, last - first + 1);
        }

        return most;
    }
}
