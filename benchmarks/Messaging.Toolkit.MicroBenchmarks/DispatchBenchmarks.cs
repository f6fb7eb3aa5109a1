using BenchmarkDotNet.Attributes;
using Messaging.Toolkit.Tests.Budgets;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.MicroBenchmarks;

/// <summary>From a delivery to its handler and back, for each message of a group of 32; beside it the same by hand: a scope, a message from its bytes, a handler.</summary>
public class DispatchBenchmarks
{
    private const int Group = 32;
    private readonly Delivery[] group = Dispatching.NewGroup(Group);
    private Dispatching dispatching = null!;

    [GlobalSetup]
    public void SetUp() => dispatching = new Dispatching();

    [GlobalCleanup]
    public ValueTask CleanUp() => dispatching.DisposeAsync();

    [Benchmark(Baseline = true, OperationsPerInvoke = Group)]
    public Task ByHand() => dispatching.CallAsync(group);

    /// <summary>A part of it: into the queue that keeps the order of keys, out of it, and done.</summary>
    [Benchmark(OperationsPerInvoke = Group)]
    public void QueueAlone() => dispatching.Queue(group);

    /// <summary>A part of it: a scope with what the toolkit needs of it.</summary>
    [Benchmark(OperationsPerInvoke = Group)]
    public Task ScopesAlone() => dispatching.ResolveAsync(group);

    /// <summary>A part of it: the message from its bytes.</summary>
    [Benchmark(OperationsPerInvoke = Group)]
    public int ReadingAlone() => Dispatching.Read(group);

    [Benchmark(OperationsPerInvoke = Group)]
    public Task ByTheToolkit() => dispatching.DispatchAsync(group);
}
