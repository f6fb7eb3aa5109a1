using System.Globalization;

namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>
/// The processor time of this process and of all processes of a server on this machine. Where they share their processors nothing can take less time than its
/// processor time, divided by their number: that is what a figure is to be judged by.
/// </summary>
internal sealed record CpuTimes(TimeSpan Own, TimeSpan PostgreSql, TimeSpan RabbitMQ)
{
    private const int TicksPerSecond = 100; // USER_HZ, which is the same on all of Linux that .NET runs on.

    /// <summary>Null elsewhere than on Linux.</summary>
    public static CpuTimes? Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var byName = Directory.EnumerateFiles("/proc", "stat", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1, IgnoreInaccessible = true })
            .Select(TryRead).OfType<(string Name, TimeSpan Time)>().ToLookup(process => process.Name, process => process.Time);
        return new CpuTimes(Environment.CpuUsage.TotalTime, Sum(byName["postgres"]), Sum(byName["beam.smp"]));
    }

    /// <summary>What was added since, for each of so many messages.</summary>
    public CpuTimes Since(CpuTimes before, double messages) => new((Own - before.Own) / messages, (PostgreSql - before.PostgreSql) / messages, (RabbitMQ - before.RabbitMQ) / messages);

    private static TimeSpan Sum(IEnumerable<TimeSpan> times) => times.Aggregate(TimeSpan.Zero, (sum, time) => sum + time);

    /// <summary>With that of its children that have ended, so that nothing is lost with a server process of a connection. See proc_pid_stat(5).</summary>
    private static (string Name, TimeSpan Time)? TryRead(string path)
    {
        try
        {
            var stat = File.ReadAllText(path);
            var (begin, end) = (stat.IndexOf('('), stat.LastIndexOf(')'));
            if (begin < 0)
            {
                return null; // That of the whole machine.
            }

            var ticks = stat[(end + 2)..].Split(' ')[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
            return (stat[(begin + 1)..end], TimeSpan.FromSeconds(ticks / (double)TicksPerSecond));
        }
        catch (IOException)
        {
            return null; // It has ended meanwhile.
        }
    }
}
