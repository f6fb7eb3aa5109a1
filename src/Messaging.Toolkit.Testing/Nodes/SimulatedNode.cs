using System.Globalization;
using Messaging.Toolkit.Hosting;
using Messaging.Toolkit.Testing.Faults;
using Messaging.Toolkit.Testing.Worlds;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Messaging.Toolkit.Testing.Nodes;

/// <summary>One of the application's processes: it lives, dies and is started again.</summary>
internal sealed class SimulatedNode
{
    /// <summary>What a host gives its services: mostly what it does by default, sometimes hardly anything.</summary>
    private static readonly TimeSpan[] StopTimeouts = [TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(1)];

    private static readonly TimeSpan LongestAbsence = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongestFreeze = TimeSpan.FromSeconds(25);

    private readonly World world;
    private readonly string name;
    private readonly FaultPlan faults;
    private readonly Func<NodeLife, SeededRandom, ServiceProvider> build;
    private readonly Action<NodeLife, Exception> report;
    private readonly Lane outside;
    private readonly SeededRandom stops;
    private ServiceProvider? services;
    private int lives;

    /// <param name="world">Where it lives.</param>
    /// <param name="outside">Who starts it again.</param>
    /// <param name="number">Its number.</param>
    /// <param name="faults">What happens to it.</param>
    /// <param name="build">Makes the services of a life.</param>
    /// <param name="report">Takes notice of what it must not do: fail to start or to stop.</param>
    public SimulatedNode(World world, Lane outside, int number, FaultPlan faults, Func<NodeLife, SeededRandom, ServiceProvider> build, Action<NodeLife, Exception> report)
    {
        this.world = world;
        this.outside = outside;
        this.faults = faults;
        this.build = build;
        this.report = report;
        name = string.Create(CultureInfo.InvariantCulture, $"node-{number}");
        stops = SeededRandom.For(world.Seed, name + " stops");
    }

    /// <summary>Whether its operations take time even if nothing is wrong. Default true.</summary>
    public bool HasLatency { get; init; } = true;

    /// <summary>The present life, or null between two.</summary>
    public NodeLife? Life { get; private set; }

    /// <summary>Whether it has started and is not about to stop.</summary>
    public bool IsUp { get; private set; }

    public void Start()
    {
        var lane = new Lane(world, string.Create(CultureInfo.InvariantCulture, $"{name}.{++lives}"));
        var life = new NodeLife(lane, faults, HasLatency ? SeededRandom.For(world.Seed, lane.Name + " latencies") : null);
        life.Befalls = (kind, severity) => Befall(life, kind, severity);
        Life = life;
        services = build(life, SeededRandom.For(world.Seed, lane.Name));
        life.Note("starts");
        Run(life, async () =>
        {
            await Host().StartAsync(CancellationToken.None);
            IsUp = true;
        });
    }

    /// <summary>Runs a call in the node, with a scope of its own. The task completes when the call has, or the node has died.</summary>
    public Task<CallResult> CallAsync(Func<IServiceProvider, CancellationToken, Task> call)
    {
        var outcome = new TaskCompletionSource<CallResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Life is not { } life || !IsUp)
        {
            return Task.FromResult(CallResult.Refused);
        }

        var provider = services!;
        life.Ended += () => outcome.TrySetResult(CallResult.Crashed);
        Run(life, async () =>
        {
            try
            {
                await using var scope = provider.CreateAsyncScope();
                await call(scope.ServiceProvider, CancellationToken.None);
                outcome.TrySetResult(CallResult.Succeeded);
            }
            catch (Exception exception)
            {
                outcome.TrySetResult(CallResult.Failed(exception));
            }
        });
        return outcome.Task;
    }

    /// <summary>Stops it as its host would.</summary>
    public void Stop(Action<NodeLife>? stopped = null)
    {
        if (Life is not { } life || !IsUp)
        {
            return;
        }

        IsUp = false;
        life.Note("stops");
        var limit = stops.Pick(StopTimeouts);
        life.StopsUntil = world.Now + limit;
        Run(life, async () =>
        {
            var time = new LaneTime(life.Lane);
            using var timeout = new CancellationTokenSource(limit, time);
            await Host().StopAsync(timeout.Token);
            await services!.DisposeAsync();
            life.Note("has stopped");
            stopped?.Invoke(life);
            world.Post(outside, () => End(life));
        });
    }

    /// <summary>Ends a freeze.</summary>
    public void Resume()
    {
        if (Life is { Lane.State: LaneState.Frozen } life)
        {
            life.Note("goes on");
            world.Resume(life.Lane);
        }
    }

    private MessagingHost Host() => services!.GetServices<IHostedService>().OfType<MessagingHost>().Single();

    private void Run(NodeLife life, Func<Task> work) => world.Post(life.Lane, () => _ = GuardAsync(life, work));

    private async Task GuardAsync(NodeLife life, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception exception)
        {
            report(life, exception);
        }
    }

    private void Befall(NodeLife life, FaultKind kind, double severity)
    {
        switch (kind)
        {
            case FaultKind.Crash:
                End(life);
                world.Schedule(outside, LongestAbsence * severity, StartAgain);
                break;
            case FaultKind.Freeze when life.Lane.State == LaneState.Running:
                life.Lane.State = LaneState.Frozen;
                world.Schedule(outside, LongestFreeze * severity, () => ResumeIfStill(life));
                break;
            case FaultKind.Restart:
                world.Post(outside, () => Stop(_ => world.Schedule(outside, LongestAbsence * severity, StartAgain)));
                break;
            default:
                break;
        }
    }

    private void StartAgain()
    {
        if (Life is null)
        {
            Start();
        }
    }

    private void ResumeIfStill(NodeLife life)
    {
        if (Life == life)
        {
            Resume();
        }
    }

    private void End(NodeLife life)
    {
        if (Life == life)
        {
            Life = null;
            IsUp = false;
            life.End();
        }
    }
}
