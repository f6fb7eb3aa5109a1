using System.Text.RegularExpressions;

namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>A mistake that could be in the toolkit: a change of its source text that breaks what docs/guarantees.md promises.</summary>
/// <param name="Name">A few words.</param>
/// <param name="Description">What the toolkit then does, as a sentence.</param>
/// <param name="File">The file, relative to src/.</param>
/// <param name="Old">Text that is once in the file, however it is indented.</param>
/// <param name="New">What takes its place.</param>
internal sealed partial record PlantedBug(string Name, string Description, string File, string Old, string New)
{
    public string Package => File[..File.IndexOf('/')];

    /// <summary>What the simulation's messages travel over: a transport's own bugs are seen with that one only.</summary>
    public string Transport
    {
        get => field ?? Package switch
        {
            "Messaging.Toolkit.RabbitMQ" => "rabbitmq",
            "Messaging.Toolkit.Kafka" => "kafka",
            _ => "in-process",
        };
        init;
    }

    /// <summary>The simulated application that is to find it.</summary>
    public string Application { get; init; } = "numbered";

    /// <summary>
    /// The faults that are to find it, as of eng/simulate. Where a mistake shows only when something rare happens, that is made frequent: all faults would
    /// find it too, after a hundred seeds.
    /// </summary>
    public string Faults { get; init; } = "all";

    public string FileInPackage => File[(File.IndexOf('/') + 1)..];

    /// <summary>The text with the bug in it.</summary>
    public string PlantIn(string source)
    {
        var text = Indentation().Replace(source, "");
        var old = Indentation().Replace(Old, "");
        var occurrences = (text.Length - text.Replace(old, "", StringComparison.Ordinal).Length) / old.Length;
        occurrences.Should().Be(1, "{0} has changed, and the planted bug must change with it, or be moved; looked for was\n{1}\n", File, Old);
        return text.Replace(old, New, StringComparison.Ordinal);
    }

    [GeneratedRegex("^[ \t]+", RegexOptions.Multiline)]
    private static partial Regex Indentation();
}
