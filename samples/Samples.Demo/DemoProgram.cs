using System.Runtime.InteropServices;

namespace Samples.Demo;

/// <summary>The frame of a demonstration: bad arguments, an interrupt, and a folder for what it leaves.</summary>
public static class DemoProgram
{
    /// <param name="parse">Reads the arguments.</param>
    /// <param name="usage">What they may be.</param>
    /// <param name="nameOf">What the folder is called, for one that looks for it.</param>
    /// <param name="run">Runs it and returns the exit code.</param>
    public static async Task<int> RunAsync<TOptions>(Func<TOptions> parse, string usage, Func<TOptions, string> nameOf, Func<TOptions, string, CancellationToken, Task<int>> run)
    {
        TOptions options;
        try
        {
            options = parse();
        }
        catch (DemoException exception)
        {
            Console.Error.WriteLine($"eng/demo: {exception.Message}\nUsage: {usage}");
            return 2;
        }

        using var stop = new CancellationTokenSource();
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

        var folder = Directory.CreateDirectory(Path.Combine("artifacts", "demo", $"{nameOf(options)}-{Environment.ProcessId}")).FullName;
        try
        {
            return await run(options, folder, stop.Token);
        }
        catch (DemoException exception)
        {
            Console.Error.WriteLine($"eng/demo: {exception.Message} See {folder}.");
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("eng/demo: stopped.");
            return 130;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true; // Not the end yet: the application is stopped first.
            stop.Cancel();
        }
    }
}
