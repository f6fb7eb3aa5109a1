using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>
/// A process that simulates: a bug can hang it, or end it. There are as many as are in use at the same time, and they end with the tests, because
/// then nobody is there to ask them.
/// </summary>
internal sealed class SimulationProcess
{
    /// <summary>What a run has loaded stays, some twenty megabytes.</summary>
    private const int MostRuns = 50;

    private static readonly ConcurrentBag<SimulationProcess> Idle = [];

    private int runs;

    private readonly Process process;
    private readonly Task<string> errors;

    private SimulationProcess()
    {
        process = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(SimulationServer).Assembly.Location])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,

            // A seed at a time, because the tests need the other processors. And what comes after the seed that finds the bug is of no use.
            Environment = { ["DOTNET_PROCESSOR_COUNT"] = "1" },
        })!;
        errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Runs a program in one of them.</summary>
    /// <param name="request">Which.</param>
    /// <param name="limit">Then the process is killed.</param>
    /// <exception cref="TimeoutException">It did not end.</exception>
    /// <exception cref="InvalidOperationException">It has ended the process.</exception>
    public static async Task<SimulationAnswer> RunAsync(SimulationRequest request, TimeSpan limit)
    {
        var process = Idle.TryTake(out var idle) ? idle : new();
        try
        {
            var answer = await process.AskAsync(request).WaitAsync(limit);
            if (++process.runs < MostRuns)
            {
                Idle.Add(process);
            }
            else
            {
                process.Kill();
            }

            return answer;
        }
        catch
        {
            process.Kill();
            throw;
        }
    }

    private async Task<SimulationAnswer> AskAsync(SimulationRequest request)
    {
        await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request));
        return await process.StandardOutput.ReadLineAsync() is { } answer
            ? JsonSerializer.Deserialize<SimulationAnswer>(answer)!
            : throw new InvalidOperationException($"{string.Join(' ', request.Arguments)} has ended the process that ran it.{Environment.NewLine}{await errors}");
    }

    private void Kill()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
