using System.Runtime.ExceptionServices;
using Messaging.Toolkit.Testing.Databases;
using Messaging.Toolkit.Testing.Faults;

namespace Messaging.Toolkit.Testing.Simulations;

/// <summary>Runs seeds of one definition, each on one thread, and explains the first that fails.</summary>
internal sealed class SeedRunner(SimulationDefinition definition) : IDisposable
{
    private readonly DatabaseTemplates templates = new(definition.Configure, definition.Given);

    /// <summary>Called after each run, by one thread at a time.</summary>
    public Action<SimulationReport>? Progress { get; set; }

    /// <summary>Whether a run that failed is repeated with fewer and fewer faults.</summary>
    public bool Shrinks { get; set; } = true;

    /// <exception cref="SimulationFailedException">One of them failed: of those that did, the lowest.</exception>
    public SimulationReport Run(ulong firstSeed, int seeds)
    {
        var report = new SimulationReport();
        var gate = new Lock();
        var taken = -1;
        RunResult? failed = null;
        ExceptionDispatchInfo? broken = null;
        var threads = Enumerable.Range(0, Math.Min(seeds, Environment.ProcessorCount)).Select(_ => new Thread(Work)).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        broken?.Throw();
        return failed is null ? report : throw Explain(failed);

        void Work()
        {
            try
            {
                while (failed is null && broken is null && Interlocked.Increment(ref taken) is var index && index < seeds)
                {
                    Add(RunOne(firstSeed + (ulong)index));
                }
            }
            catch (Exception exception)
            {
                broken = ExceptionDispatchInfo.Capture(exception);
            }
        }

        void Add(RunResult result)
        {
            lock (gate)
            {
                report.Add(result);
                Progress?.Invoke(report);
                if (result.Violations.Count > 0 && (failed is null || result.Seed < failed.Seed))
                {
                    failed = result;
                }
            }
        }
    }

    public string Trace(ulong seed)
    {
        var result = RunOne(seed);
        return result.Violations.Count == 0 ? result.Trace.ToString() : throw Explain(result);
    }

    public RunResult RunOne(ulong seed, IReadOnlySet<FaultId>? only = null)
    {
        using var run = new SimulationRun(definition, templates, seed, only);
        return run.Execute();
    }

    public void Dispose() => templates.Dispose();

    private SimulationFailedException Explain(RunResult failed)
    {
        var shortest = Shrinks ? new Shrinker(only => RunOne(failed.Seed, only)).Shrink(failed) : failed;
        return new SimulationFailedException(failed.Seed, shortest.Violations, Explanation.Of(failed, shortest));
    }
}
