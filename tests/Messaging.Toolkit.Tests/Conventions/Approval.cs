namespace Messaging.Toolkit.Tests.Conventions;

/// <summary>
/// Compares what others depend on with the text that was approved last, which is beside this file as <c>*.approved.txt</c>.
/// With <c>MESSAGING_TEST_APPROVE=1</c> the tests write these files instead; the change is then read in the commit.
/// </summary>
static class Approval
{
    private const string Variable = "MESSAGING_TEST_APPROVE";

    public static void Verify(string name, IEnumerable<string> lines)
        => Verify(name + ".approved.txt", Path.Combine(Packages.Root, "tests", "Messaging.Toolkit.Tests", "Conventions", name + ".approved.txt"), [.. lines]);

    /// <summary>The same for a file that is somewhere else in the repository.</summary>
    public static void VerifyFile(string path, string text) => Verify(path, Path.Combine(Packages.Root, path), text.TrimEnd('\n').Split('\n'));

    private static void Verify(string name, string path, IReadOnlyList<string> actual)
    {
        if (Environment.GetEnvironmentVariable(Variable) == "1")
        {
            File.WriteAllText(path, string.Concat(actual.Select(line => line + "\n")));
            return;
        }

        var approved = File.Exists(path) ? File.ReadAllLines(path) : [];
        if (!actual.SequenceEqual(approved))
        {
            var difference = approved.Except(actual).Select(line => "- " + line).Concat(actual.Except(approved).Select(line => "+ " + line)).DefaultIfEmpty("(only the order)");
            Assert.Fail(
                $"{name} is not what was approved:{Environment.NewLine}{string.Join(Environment.NewLine, difference)}{Environment.NewLine}" +
                $"If that is intended, run the tests once with {Variable}=1 and commit {name}.");
        }
    }
}
