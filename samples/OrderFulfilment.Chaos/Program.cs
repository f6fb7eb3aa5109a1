using System.Runtime.InteropServices;
using OrderFulfilment.Chaos;
using OrderFulfilment.Demo;

ChaosOptions options;
try
{
    options = ChaosOptions.Parse(args);
}
catch (DemoException exception)
{
    Console.Error.WriteLine($"eng/chaos: {exception.Message}\nUsage: {ChaosOptions.Usage}");
    return 2;
}

using var stop = new CancellationTokenSource();
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

try
{
    var folder = Directory.CreateDirectory(Path.Combine("artifacts", "chaos", $"{Environment.ProcessId}")).FullName;
    Console.WriteLine($"{options.Processes} processes{(options.HasBroker ? " of each service over RabbitMQ" : "")}, faults for {options.Length.TotalMinutes:0.##} min by seed {options.Seed}; logs in {folder}");
    if (options.Servers is null)
    {
        Console.WriteLine("A server is yours, so none is restarted.");
    }

    var result = await ChaosResult.OfAsync(options, folder, stop.Token);
    result.Show();
    return result.IsGood ? 0 : 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("eng/chaos: stopped.");
    return 130;
}
catch (Exception exception)
{
    // Whatever it is: if nobody caught it, the runtime would end this process on the spot, and leave those that it started.
    Console.Error.WriteLine($"eng/chaos: {(exception is DemoException ? exception.Message : exception)}");
    return 1;
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true; // Not the end yet: the processes are stopped first.
    stop.Cancel();
}
