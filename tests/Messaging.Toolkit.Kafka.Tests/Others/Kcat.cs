using System.Diagnostics;
using Messaging.Toolkit.Kafka.Tests.Cluster;

namespace Messaging.Toolkit.Kafka.Tests.Others;

/// <summary>kcat, a program by others that sends to Kafka and reads from it.</summary>
internal static class Kcat
{
    private const string Name = "kcat";

    public static bool IsThere { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, Name)));

    /// <summary>Runs it and returns what it has written.</summary>
    /// <param name="input">What it reads.</param>
    /// <param name="arguments">As on the command line.</param>
    public static async Task<string> RunAsync(string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Name, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var patience = new CancellationTokenSource(Line.Patience);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            process.ExitCode.Should().Be(0, await errors);
            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}

/// <summary>A test that needs <see cref="Kcat"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KcatFactAttribute : FactAttribute
{
    public KcatFactAttribute() => Skip = Kcat.IsThere ? null : "kcat is not installed: apt-get install kcat.";
}
