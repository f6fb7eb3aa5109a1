using System.Text.RegularExpressions;

namespace Messaging.Toolkit.Tests.Conventions;

/// <summary>
/// Time, chance and threads come from where a simulation can put its own, threads from the Dispatcher. The check reads lines, not syntax: it is meant
/// for slips, and does not see what is spread over lines.
/// </summary>
public sealed partial class BannedApiTests
{
    private static readonly (string Pattern, string Instead)[] Banned =
    [
        (@"\bDateTime(Offset)?\.(Utc)?Now\b|\bDateTime\.Today\b", "TimeProvider.GetUtcNow()"),
        (@"\bEnvironment\.TickCount|\bStopwatch\b", "TimeProvider.GetTimestamp()"),
        (@"\bGuid\.(NewGuid|CreateVersion7)\(", "MessageIds"),
        (@"\bRandom\.Shared\b|\bnew Random\(", "EntropySource"),
        (@"\bTask\.Run\(|\bTask\.Factory\b|\bThreadPool\b|\bnew Thread\(", "Loop"),
        (@"\.CancelAsync\(", "Cancel(): the other one runs callbacks on the thread pool"),
        (@"\bSemaphoreSlim\b|\bManualResetEvent|\bAutoResetEvent\b|\bBlockingCollection\b|\.Result\b(?!\s*=)", "Signal"),
        (@"\bThread\.Sleep\(|\bSpinWait\b", "Task.Delay with the TimeProvider"),
        (@"\bTask\.Delay\((?!.*, [tT]ime\b)", "Task.Delay with the TimeProvider"),
        (@"\bnew (PeriodicTimer|Timer)\((?!.*, time\b)", "TimeProvider.CreateTimer"),
        (@"\bnew CancellationTokenSource\([^)](?!.*, time\b)|\.CancelAfter\(", "new CancellationTokenSource(delay, time)"),
        (@"\.ConfigureAwait\(", "nothing: continuations stay where the caller's scheduler puts them"),
        (@"\bType\.GetType\(", "MessageRegistry: no name from outside loads a type"),
    ];

    /// <summary>What a file may use all the same, and why.</summary>
    private static readonly (string File, string Use, string Why)[] Allowed =
    [
        ("Messaging.Toolkit/Runtime/Dispatcher.cs", "ThreadPool", "it is the place where threads come from"),
        ("Messaging.Toolkit.Kafka/Clients/ClientThread.cs", "new Thread(", "the client's calls block, and must be made for ever"),
        ("Messaging.Toolkit.Testing/Simulations/SeedRunner.cs", "new Thread(", "each runs worlds of its own, from their first step to their last"),
        ("Messaging.Toolkit.Testing/Databases/SimulatedCommand.cs", "ConfigureAwait(false)", InPlaceOfAProvider),
        ("Messaging.Toolkit.Testing/Databases/SimulatedConnection.cs", "ConfigureAwait(false)", InPlaceOfAProvider),
        ("Messaging.Toolkit.Testing/Databases/SimulatedTransaction.cs", "ConfigureAwait(false)", InPlaceOfAProvider),
    ];

    private const string InPlaceOfAProvider = "it stands for an ADO.NET provider: EF Core calls it without a context, and it must go on without one";

    [Fact]
    public void The_packages_use_none_of_them()
    {
        var files = Packages.SourceFiles().ToList();
        files.Should().HaveCountGreaterThan(50, "otherwise nothing was read");

        var found = files.SelectMany(file => File.ReadLines(file)
            .SelectMany((line, index) => Find(line).Where(_ => !IsAllowed(file, line))
                .Select(instead => $"{Path.GetRelativePath(Packages.Root, file)}:{index + 1}: {line.Trim()} — use {instead}")));

        found.Should().BeEmpty();
    }

    [Fact]
    public void Nothing_is_allowed_that_is_not_used()
        => Allowed.Should().OnlyContain(allowed => File.ReadLines(PathOf(allowed.File)).Any(line => line.Contains(allowed.Use, StringComparison.Ordinal) && Find(line).Any()));

    [Theory]
    [InlineData("var now = DateTime.UtcNow;")]
    [InlineData("x = DateTimeOffset.Now.AddDays(1);")]
    [InlineData("Guid.NewGuid()")]
    [InlineData("Guid.CreateVersion7()")]
    [InlineData("Random.Shared.Next()")]
    [InlineData("var random = new Random(1);")]
    [InlineData("_ = Task.Run(() => x);")]
    [InlineData("Thread.Sleep(1);")]
    [InlineData("var watch = Stopwatch.StartNew();")]
    [InlineData("Environment.TickCount64")]
    [InlineData("await Task.Delay(pause);")]
    [InlineData("await Task.Delay(pause, cancellationToken);")]
    [InlineData("using var limit = new CancellationTokenSource(LastWords);")]
    [InlineData("source.CancelAfter(1);")]
    [InlineData("await stopping.CancelAsync();")]
    [InlineData("new SemaphoreSlim(1, 1)")]
    [InlineData("await x.ConfigureAwait(false);")]
    [InlineData("Type.GetType(name)")]
    public void They_are_found(string line) => Find(line).Should().NotBeEmpty();

    [Theory]
    [InlineData("await Task.Delay(pause, time, cancellationToken);")]
    [InlineData("using var limit = new CancellationTokenSource(LastWords, time);")]
    [InlineData("private readonly CancellationTokenSource stopping = new();")]
    [InlineData("using var broken = new CancellationTokenSource();")]
    [InlineData("// not DateTime.UtcNow")]
    [InlineData("/// <summary>Never Task.Run(...).</summary>")]
    [InlineData("throw new X(\"do not use Guid.NewGuid()\");")]
    [InlineData("exception.GetType()")]
    public void Others_are_not(string line) => Find(line).Should().BeEmpty();

    private static bool IsAllowed(string file, string line)
        => Allowed.Any(allowed => PathOf(allowed.File) == file && line.Contains(allowed.Use, StringComparison.Ordinal));

    private static string PathOf(string file) => Path.Combine(Packages.Root, "src", Path.Combine(file.Split('/')));

    private static IEnumerable<string> Find(string line)
    {
        var code = CommentsAndTexts.Replace(line, "");
        return Banned.Where(banned => Regex.IsMatch(code, banned.Pattern)).Select(banned => banned.Instead);
    }

    [GeneratedRegex("\"(\\\\.|[^\"\\\\])*\"|//.*$")]
    private static partial Regex CommentsAndTexts { get; }
}
