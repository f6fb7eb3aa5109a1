using System.Diagnostics;
using System.Globalization;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Simulations;

namespace Messaging.Toolkit.Simulations;

/// <summary>Runs seeds and shows how it goes.</summary>
internal static class Simulate
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    /// <returns>0 if all is well, 1 if a seed fails, 2 for bad arguments.</returns>
    public static int Run(string[] args)
    {
        Options options;
        try
        {
            options = Options.Parse(args);
        }
        catch (FormatException exception)
        {
            Console.Error.WriteLine($"eng/simulate: {exception.Message}");
            Console.Error.WriteLine($"Usage: {Options.Usage}");
            return 2;
        }

        return Applications.All.Where(application => options.Application is null || application.Key == options.Application)
            .All(application => Run(application.Key, application.Value, options)) ? 0 : 1;
    }

    private static bool Run(string name, Simulation simulation, Options options)
    {
        simulation = options.Transport(simulation.Faults(options.Faults));
        var watch = Stopwatch.StartNew();
        var shown = TimeSpan.Zero;
        using var runner = new SeedRunner(simulation.Definition) { Shrinks = options.Shrinks };
        try
        {
            if (options.ShowsTrace)
            {
                var run = runner.RunOne(options.FirstSeed);
                Console.Write(run.Trace);
                return run.Violations.Count == 0;
            }

            runner.Progress = report =>
            {
                if (watch.Elapsed - shown >= ProgressInterval)
                {
                    shown = watch.Elapsed;
                    Show(name, report, watch.Elapsed);
                }
            };
            var report = runner.Run(options.FirstSeed, options.Seeds);
            Show(name, report, watch.Elapsed);
            if (options.ShowsCoverage)
            {
                foreach (var (point, count) in report.Coverage)
                {
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count,8} {point}"));
                }
            }

            return true;
        }
        catch (SimulationFailedException exception)
        {
            Console.WriteLine(exception.Message);
            Console.WriteLine($"eng/simulate --application {name} --seed {exception.Seed}");
            return false;
        }
    }

    private static void Show(string name, SimulationReport report, TimeSpan elapsed)
        => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {report}; {report.Seeds / elapsed.TotalSeconds:0.0} seeds/s"));
}
