using System.Globalization;
using System.Text.RegularExpressions;

namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>The program behind eng/simulate, in which packages can be replaced. One at a time.</summary>
public sealed partial class MutatedSimulation : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("messaging-toolkit-planted-").FullName;

    private string assembly = "";
    private string transport = "";
    private string application = "";
    private string faults = "";

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Puts the bug into the program, and takes out the one before.</summary>
    internal async Task PlantAsync(PlantedBug bug)
    {
        assembly = Path.Combine(folder, bug.Package + ".dll");
        (transport, application, faults) = (bug.Transport, bug.Application, bug.Faults);
        var source = await File.ReadAllTextAsync(Path.Combine(Repository.SourceFolder(bug.Package), bug.FileInPackage));
        Package.Of(bug.Package).Compile(bug.FileInPackage, bug.PlantIn(source), assembly);
    }

    /// <summary>Runs seeds until one fails, with the bug that was planted last.</summary>
    /// <returns>The seed that failed and the rule that it broke, or null.</returns>
    internal async Task<Finding?> RunAsync(int from, int seeds, TimeSpan limit)
    {
        // Both are said, so that the seeds mean the same whichever transports and applications there are.
        string[] arguments = [
            "--application", application, "--transport", transport, "--faults", faults, "--no-shrink",
            "--from", from.ToString(CultureInfo.InvariantCulture), "--seeds", seeds.ToString(CultureInfo.InvariantCulture)];
        var (exitCode, output) = await SimulationProcess.RunAsync(new(assembly, arguments), limit);
        if (exitCode == 0)
        {
            return null;
        }

        var failure = Failure().Match(output);
        failure.Success.Should().BeTrue("the program must end because a rule was broken:\n{0}", output);
        failure.Groups["rule"].Value.Should().NotBe("determinism", "that is the simulator's own mistake:\n{0}", output);
        failure.Groups["rule"].Value.Should().NotBe("unhandled", "a node that cannot even start finds nothing:\n{0}", output);
        return new(int.Parse(failure.Groups["seed"].ValueSpan, CultureInfo.InvariantCulture), failure.Groups["rule"].Value);
    }

    [GeneratedRegex(@"^Seed (?<seed>\d+) broke a rule\.\r?\n\s+(?<rule>[^:]+):", RegexOptions.Multiline)]
    private static partial Regex Failure();
}

/// <summary>How the simulator has found a bug.</summary>
internal sealed record Finding(int Seed, string Rule);
