using System.Diagnostics;

namespace Messaging.Toolkit.Benchmarks.Processes;

/// <summary>
/// This program again, in a process of its own, with something to do that no user asks for. It says by lines on its standard output how far
/// it is, and stops when its standard input ends, so that none is left when this process dies.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>The first argument of such a process.</summary>
    public const string Verb = "child";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Process process;

    private ChildProcess(Process process) => this.process = process;

    public static ChildProcess Start(params string[] task)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] program = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(ChildProcess).Assembly.Location] : [];
        foreach (var argument in (string[])[.. program, Verb, .. task])
        {
            start.ArgumentList.Add(argument);
        }

        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>What it says next.</summary>
    public async Task<string> ReadLineAsync()
        => await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new InvalidOperationException("A process of the benchmark has failed; its reason is above.");

    public async Task StopAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Patience);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"A process of the benchmark has ended with {process.ExitCode}.");
        }
    }

    /// <summary>Whatever became of it, it runs no longer.</summary>
    public ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
        return ValueTask.CompletedTask;
    }
}
