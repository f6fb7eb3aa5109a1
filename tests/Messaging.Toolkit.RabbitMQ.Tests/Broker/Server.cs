using System.Diagnostics;

// One broker for all: tests that stop it, or make it short of memory, cannot run beside others.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Messaging.Toolkit.RabbitMQ.Tests.Broker;

/// <summary>The broker that eng/test starts, or the one that MESSAGING_TEST_RABBITMQ names.</summary>
internal static class Server
{
    private static int names;

    public static Uri Uri { get; } = new(Variable("MESSAGING_TEST_RABBITMQ"));

    /// <summary>A prefix for the exchanges and queues of one test.</summary>
    public static string NewPrefix() => $"t{Environment.ProcessId}-{DateTime.UtcNow:HHmmssfff}-{Interlocked.Increment(ref names)}.";

    /// <summary>Runs rabbitmqctl.</summary>
    public static Task<string> ControlAsync(params string[] arguments) => RunAsync(Variable("MESSAGING_TEST_RABBITMQCTL"), arguments);

    /// <summary>Waits until a queue has so many of something that the broker counts: messages, consumers.</summary>
    public static async Task UntilQueueHasAsync(string queue, int count, string of)
    {
        using var limit = new CancellationTokenSource(Line.Patience);
        while (!(await ControlAsync("-q", "list_queues", "name", of)).Split('\n').Contains($"{queue}\t{count}"))
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Kills the broker that eng/servers has started, and starts it again.</summary>
    public static Task CrashAsync() => RunAsync(Path.Combine(Root(), "eng", "servers"), "crash", "rabbitmq");

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Messaging.Toolkit.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("MESSAGING_TEST_RABBITMQ"); // With it eng/servers takes the broker for somebody else's.
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.Should().Be(0, "{0} {1} said {2} {3}", program, string.Join(' ', arguments), await output, await errors);
        return await output;
    }

    private static string Variable(string name)
        => Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set: run eng/test, or eval \"$(eng/servers env)\" after eng/servers start.");
}
