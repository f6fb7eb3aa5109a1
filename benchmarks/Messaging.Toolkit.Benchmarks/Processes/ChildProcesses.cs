namespace Messaging.Toolkit.Benchmarks.Processes;

/// <summary>Several processes that do the same.</summary>
internal sealed class ChildProcesses : IAsyncDisposable
{
    private readonly List<ChildProcess> children = [];

    /// <summary>Starts them and waits until each has said its first line.</summary>
    public static async Task<ChildProcesses> StartAsync(int count, params string[] task)
    {
        var processes = new ChildProcesses();
        try
        {
            processes.children.AddRange(Enumerable.Range(0, count).Select(_ => ChildProcess.Start(task)));
            await Task.WhenAll(processes.children.Select(child => child.ReadLineAsync()));
            return processes;
        }
        catch
        {
            await processes.DisposeAsync();
            throw;
        }
    }

    public Task StopAsync() => Task.WhenAll(children.Select(child => child.StopAsync()));

    public async ValueTask DisposeAsync()
    {
        foreach (var child in children)
        {
            await child.DisposeAsync();
        }
    }
}
