using System.Diagnostics;
using Messaging.Toolkit.Simulations.Numbered;
using Messaging.Toolkit.Testing;
using Messaging.Toolkit.Testing.Databases;
using Messaging.Toolkit.Testing.Simulations;

var definition = new SimulationDefinition
{
    Configure = services => new NumberedApplication().ConfigureServices(services),
    Clients = 3,
    Workload = NumberedWorkload.RunAsync,
    UsesBroker = false,
    Rates = args.Length > 2 ? FaultRates.None : FaultRates.All,
};
using var templates = new DatabaseTemplates(definition.Configure);
var watch = Stopwatch.StartNew();
var from = ulong.Parse(args[0]);
var n = ulong.Parse(args[1]);
var failed = 0;
long steps = 0;
for (var seed = from; seed < from + n; seed++)
{
    using var run = new SimulationRun(definition, templates, seed);
    var result = run.Execute();
    steps += result.Steps;
    if ((seed - from) % 40 == 39) { Console.WriteLine($"{watch.Elapsed.TotalSeconds:0.0} {GC.CollectionCount(0)} {GC.CollectionCount(1)} {GC.CollectionCount(2)} {GC.GetTotalAllocatedBytes() / 1e6:0} MB {GC.GetTotalPauseDuration().TotalSeconds:0.00}"); }
    if (n == 1 || result.Violations.Count > 0)
    {
        failed++;
        Console.WriteLine($"seed {seed}: {result.Settings}; {result.Handled} handled, {result.Steps} steps, {result.VirtualTime}, {result.Faults.Count} faults");
        foreach (var v in result.Violations) Console.WriteLine("  " + v);
        if (n == 1) Console.WriteLine(result.Trace);
        if (failed > 5) break;
    }
}
Console.WriteLine($"{n} seeds, {watch.Elapsed.TotalSeconds:0.0} s, {n / watch.Elapsed.TotalSeconds:0.0} seeds/s, {steps / (long)n} steps per seed");
