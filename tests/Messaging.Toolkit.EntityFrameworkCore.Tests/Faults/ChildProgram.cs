using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>This assembly as a program of its own, which can be killed, frozen and thawed, and does not outlive the tests.</summary>
internal sealed class ChildProgram : IDisposable
{
    private const string Ready = "started";
    private const int SigStop = 19;
    private const int SigContinue = 18;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;

    private ChildProgram(Process process) => this.process = process;

    public int Id => process.Id;

    public static ChildProgram Start(params IEnumerable<object> arguments)
        => new(Process.Start(new ProcessStartInfo(
            Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet",
            [typeof(ChildProgram).Assembly.Location, .. arguments.Select(argument => Convert.ToString(argument, CultureInfo.InvariantCulture)!)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);

    /// <summary>For the child itself: tells that it has started. Ends when the parent asks for the end, or is gone.</summary>
    public static Task RunAsync()
    {
        Console.WriteLine(Ready);
        return Task.Run(Console.In.ReadToEnd); // The console has no reads that do not block.
    }

    /// <summary>Waits until it says that it has started.</summary>
    public async Task StartedAsync()
    {
        var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        if (line != Ready)
        {
            throw new InvalidOperationException($"The child process said '{line}'.");
        }
    }

    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Freeze() => Signal(SigStop);

    public void Thaw() => Signal(SigContinue);

    /// <summary>Asks for a graceful stop and waits for it.</summary>
    public async Task StopAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Patience);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }

    private void Signal(int signal)
    {
        if (Send(process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} failed: {Marshal.GetLastPInvokeError()}.");
        }

        [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
        static extern int Send(int process, int signal);
    }
}
