using System.Diagnostics;

namespace Samples.Demo;

/// <summary><c>eng/servers</c>, for whoever has it do something to a server while an application is at work.</summary>
/// <param name="path">Where it is.</param>
public sealed class ServersScript(string path)
{
    /// <summary>Has a server restarted, whatever it is doing; never gives up half-way.</summary>
    /// <param name="command">How: a command of the script.</param>
    /// <param name="server">Its name there.</param>
    public async Task RestartAsync(string command, string server)
    {
        // In a session of its own: an interrupt from the keyboard would leave the server stopped.
        var start = new ProcessStartInfo("setsid", ["--wait", path, command, server]) { RedirectStandardError = true };
        start.Environment.Remove($"MESSAGING_TEST_{server.ToUpperInvariant()}"); // With it the script takes the server for somebody else's.
        using var process = Process.Start(start)!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new DemoException($"The server could not be restarted: {said.Trim()}");
        }
    }
}
