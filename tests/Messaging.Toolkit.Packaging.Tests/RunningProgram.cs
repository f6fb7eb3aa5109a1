using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>A web application in a process of its own, at a free port, whose files are where it was built.</summary>
sealed partial class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly List<string> output = [];
    private readonly TaskCompletionSource<Uri> address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient http = new();

    private RunningProgram(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Returns when it listens.</summary>
    public static async Task<RunningProgram> StartAsync(string assembly)
    {
        var program = new RunningProgram(Process.Start(DotNet.Describe(Path.GetDirectoryName(assembly)!, assembly, "--urls", "http://127.0.0.1:0"))!);
        program.http.BaseAddress = await program.address.Task.WaitAsync(Patience);
        return program;
    }

    public Task<HttpResponseMessage> PostAsync(string path, object body) => http.PostAsJsonAsync(path, body);

    /// <summary>Asks until the answer is what is waited for.</summary>
    public async Task<JsonNode> WaitForAsync(string path, Func<JsonNode, bool> isThere)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var answer = await http.GetFromJsonAsync<JsonNode>(path, limit.Token);
            if (isThere(answer!))
            {
                return answer!;
            }

            await Task.Delay(50, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        http.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            address.TrySetException(new InvalidOperationException($"The program has ended.{Environment.NewLine}{string.Join(Environment.NewLine, output)}"));
        }
        else
        {
            output.Add(line);
            if (Listening.Match(line) is { Success: true } match)
            {
                address.TrySetResult(new Uri(match.Groups[1].Value));
            }
        }
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening { get; }
}
