using System.Diagnostics;
using Messaging.Toolkit.Benchmarks.Databases;

namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>One run of a scenario or of its floor: how much it is to do, and what watches it.</summary>
internal sealed class Run(DatabaseKind kind, int messages, StatementCounter? counter)
{
    public int Messages => messages;

    /// <summary>How many messages are to have been handled before, where that is asked for.</summary>
    public int? Claims { get; init; }

    /// <summary>The same with another number of messages.</summary>
    public Run WithMessages(int count) => new(kind, count, counter) { Claims = Claims };

    public Task<BenchmarkDatabase> CreateDatabaseAsync() => BenchmarkDatabase.CreateAsync(kind);

    /// <summary>Runs the part of a scenario that counts. The value is messages per second.</summary>
    public Task<Sample> MeasureAsync(Func<Task> work) => MeasureAsync(async () =>
    {
        await work();
        return messages;
    });

    /// <summary>Runs it, and is told how many messages it has come to.</summary>
    public async Task<Sample> MeasureAsync(Func<Task<int>> work)
    {
        // What was prepared must not be collected at the cost of what is measured.
        GC.Collect();
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var statements = counter?.Count;
        var cpu = CpuTimes.Read();
        var started = Stopwatch.GetTimestamp();
        var done = (double)await work();
        var elapsed = Stopwatch.GetElapsedTime(started);
        return new Sample(
            done / elapsed.TotalSeconds,
            (GC.GetTotalAllocatedBytes(precise: true) - bytes) / done,
            (counter?.Count - statements) / done)
        {
            Cpu = cpu is null ? null : CpuTimes.Read()?.Since(cpu, done),
        };
    }
}
