using System.Diagnostics;
using OrderFulfilment.Demo;

namespace OrderFulfilment.Chaos.Running;

/// <summary>The broker, for somebody with power over it: rabbitmqctl.</summary>
internal static class BrokerControl
{
    private const string PathVariable = "MESSAGING_TEST_RABBITMQCTL";
    private const string LimitSeconds = "60";

    /// <summary>Tells the broker to do something. False if it has other worries: it is being restarted, perhaps.</summary>
    public static async Task<bool> TryAsync(params string[] arguments)
    {
        var path = Environment.GetEnvironmentVariable(PathVariable) ?? throw new DemoException($"{PathVariable} names no rabbitmqctl: run this by eng/chaos.");

        // In a session of its own: an interrupt from the keyboard is not for it.
        var start = new ProcessStartInfo("setsid", ["--wait", "timeout", LimitSeconds, path, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
