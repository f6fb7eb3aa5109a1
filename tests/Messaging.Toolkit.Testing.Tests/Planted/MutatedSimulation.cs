using System.Globalization;
using System.Text.RegularExpressions;

namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>A copy of the program behind eng/simulate, in which packages can be replaced. One at a time.</summary>
public sealed partial class MutatedSimulation : IDisposable
{
    private const string Program = "Messaging.Toolkit.Simulations";

    private readonly string original = Repository.OutputFolder(Program);
    private readonly string copy = Directory.CreateTempSubdirectory("messaging-toolkit-planted-").FullName;

    private string transport = "";
    private string application = "";

    public MutatedSimulation()
    {
        foreach (var file in Directory.EnumerateFiles(original, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(original, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    public void Dispose() => Directory.Delete(copy, recursive: true);

    /// <summary>Puts the bug into the program, and takes out the one before.</summary>
    internal async Task PlantAsync(PlantedBug bug)
    {
        foreach (var assembly in Directory.EnumerateFiles(original, "Messaging.Toolkit*.dll"))
        {
            File.Copy(assembly, Path.Combine(copy, Path.GetFileName(assembly)), overwrite: true);
        }

        (transport, application) = (bug.Transport, bug.Application);
        var source = await File.ReadAllTextAsync(Path.Combine(Repository.SourceFolder(bug.Package), bug.FileInPackage));
        await Package.CompileAsync(bug.Package, bug.FileInPackage, bug.PlantIn(source), copy);
    }

    /// <summary>Runs seeds until one fails, with the bug that was planted last.</summary>
    /// <returns>The seed that failed and the rule that it broke, or null.</returns>
    internal async Task<Finding?> RunAsync(int from, int seeds, TimeSpan limit)
    {
        // Both are said, so that the seeds mean the same whichever transports and applications there are.
        var (exitCode, output) = await ChildProcess.RunAsync(
            copy, limit, Path.Combine(copy, Program + ".dll"), "--application", application, "--transport", transport, "--no-shrink",
            "--from", from.ToString(CultureInfo.InvariantCulture), "--seeds", seeds.ToString(CultureInfo.InvariantCulture));
        if (exitCode == 0)
        {
            return null;
        }

        var failure = Failure().Match(output);
        failure.Success.Should().BeTrue("the program must end because a rule was broken:\n{0}", output);
        failure.Groups["rule"].Value.Should().NotBe("determinism", "that is the simulator's own mistake:\n{0}", output);
        return new(int.Parse(failure.Groups["seed"].ValueSpan, CultureInfo.InvariantCulture), failure.Groups["rule"].Value);
    }

    [GeneratedRegex(@"^Seed (?<seed>\d+) broke a rule\.\r?\n\s+(?<rule>[^:]+):", RegexOptions.Multiline)]
    private static partial Regex Failure();
}

/// <summary>How the simulator has found a bug.</summary>
internal sealed record Finding(int Seed, string Rule);
