using System.Diagnostics;

namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>Programs of .NET that run beside the tests and never outlive them.</summary>
internal static class ChildProcess
{
    /// <summary>Runs one to its end.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="limit">Then it is killed.</param>
    /// <param name="arguments">The program and its arguments, as of <c>dotnet exec</c>.</param>
    /// <exception cref="TimeoutException">It did not end.</exception>
    public static async Task<(int ExitCode, string Output)> RunAsync(string folder, TimeSpan limit, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", .. arguments]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(limit);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', start.ArgumentList)} did not end within {limit}.{Environment.NewLine}{await output}{await errors}");
        }
    }
}
