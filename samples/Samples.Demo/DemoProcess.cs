using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using Samples.Hosting;

namespace Samples.Demo;

/// <summary>The sample as a process of its own, which can be frozen, or killed and started again.</summary>
public sealed class DemoProcess : IDisposable
{
    private const int Terminate = 15;
    private const int Continue = 18;
    private const int Stop = 19;

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3); // For machines that have much else to do.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40); // The host gives up by itself after 30.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly string program;
    private readonly Settings settings;
    private readonly string name;
    private readonly StreamWriter log;
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private Process? process;

    /// <param name="program">The name of its assembly, which lies beside this one.</param>
    /// <param name="settings">Its database, its broker if it has one, and what it runs.</param>
    /// <param name="name">What it and its log are called.</param>
    /// <param name="folder">Where its log is written.</param>
    public DemoProcess(string program, Settings settings, string name, string folder)
    {
        this.program = program;
        this.settings = settings;
        this.name = name;
        log = new StreamWriter(Path.Combine(folder, $"{name}.log")) { AutoFlush = true };
        Address = new Uri($"http://127.0.0.1:{FreePort()}");
    }

    public Uri Address { get; }

    /// <summary>What the application is told beyond its settings.</summary>
    public IReadOnlyList<string> MoreArguments { get; init; } = [];

    /// <summary>Is told every line that it logs, on any thread, one at a time.</summary>
    public Action<string> OnLogged { get; init; } = _ => { };

    public string Name => name;

    public int Id => process!.Id;

    /// <summary>Starts it and waits until it answers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        string[] broker = settings.Broker is null ? [] : ["--transport", settings.Broker.Transport, "--prefix", settings.Broker.Prefix, "--endpoints", string.Join(',', settings.Endpoints)];
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, program + ".dll"), "--database", settings.Database, "--urls", Address.ToString(), .. broker, .. MoreArguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[$"ConnectionStrings__{settings.Database}"] = settings.ConnectionString; // Not an argument: those are for all to see.
        if (settings.Broker is not null)
        {
            start.Environment[$"ConnectionStrings__{settings.Broker.Name}"] = settings.Broker.Address;
        }

        start.Environment["DOTNET_TieredPGO"] = "0"; // It does not live long enough for that to pay.
        start.Environment["Logging__Console__FormatterName"] = "simple";
        start.Environment["Logging__Console__FormatterOptions__TimestampFormat"] = "HH:mm:ss.fff ";
        process?.Dispose();
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Log(line.Data);
        process.ErrorDataReceived += (_, line) => Log(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        for (var started = Stopwatch.StartNew(); !await AnswersAsync(cancellationToken);)
        {
            ThrowIfDead();
            if (started.Elapsed > StartLimit)
            {
                throw new DemoException($"{name} does not answer after {StartLimit.TotalSeconds} s.");
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    public void ThrowIfDead()
    {
        if (process!.HasExited)
        {
            throw new DemoException($"{name} has ended by itself, with exit code {process.ExitCode}.");
        }
    }

    /// <summary>SIGKILL: it cannot do anything about it.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: it stands still, wherever it is, and everybody else takes it for slow.</summary>
    public void Freeze() => _ = Signal(process!.Id, Stop);

    /// <summary>SIGCONT: it goes on as if nothing had happened.</summary>
    public void Thaw() => _ = Signal(process!.Id, Continue);

    /// <summary>SIGTERM. Throws if it does not end well.</summary>
    public async Task StopAsync()
    {
        ThrowIfDead();
        _ = Signal(process!.Id, Terminate);
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new DemoException($"{name} has not stopped {StopLimit.TotalSeconds} s after SIGTERM.");
        }

        if (process.ExitCode != 0)
        {
            throw new DemoException($"{name} was stopped by SIGTERM and ended with exit code {process.ExitCode}.");
        }
    }

    public void Dispose()
    {
        if (process is { HasExited: false })
        {
            process.Kill();
            process.WaitForExit();
        }

        process?.Dispose();
        http.Dispose();
        lock (log)
        {
            log.Dispose();
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(Address, "/health"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Log(string? line)
    {
        lock (log)
        {
            if (line is not null && log.BaseStream is { CanWrite: true })
            {
                log.WriteLine(line);
                OnLogged(line);
            }
        }
    }

    /// <summary>Below the ports that the system gives to clients: one of those could be given away while the application is dead.</summary>
    private static int FreePort()
    {
        var taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(listener => listener.Port).ToHashSet();
        return Enumerable.Range(0, 1000).Select(_ => Random.Shared.Next(20_000, 30_000)).First(port => !taken.Contains(port));
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Signal(int process, int signal);
}
