using System.Reflection;
using Messaging.Toolkit.Kafka;
using Messaging.Toolkit.RabbitMQ;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Tests.Conventions;

/// <summary>What the conventions are checked on: every package, and its source text. A new package is added here.</summary>
static class Packages
{
    public static readonly Assembly Core = typeof(IMessageBus).Assembly;
    public static readonly Assembly EntityFrameworkCore = typeof(MessagingModelBuilderExtensions).Assembly;

    public static readonly Assembly Kafka = typeof(KafkaOptions).Assembly;

    public static readonly Assembly RabbitMQ = typeof(RabbitMQOptions).Assembly;

    public static readonly Assembly Testing = typeof(MessagingHarness).Assembly;

    public static TheoryData<string> All => new("Messaging.Toolkit", "Messaging.Toolkit.EntityFrameworkCore", "Messaging.Toolkit.Kafka", "Messaging.Toolkit.RabbitMQ", "Messaging.Toolkit.Testing");

    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    public static Assembly Get(string name) => new[] { Core, EntityFrameworkCore, Kafka, RabbitMQ, Testing }.Single(assembly => assembly.GetName().Name == name);

    /// <summary>The files of source text of all packages.</summary>
    public static IEnumerable<string> SourceFiles()
        => Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(Root, path).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Messaging.Toolkit.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"There is no Messaging.Toolkit.sln above {AppContext.BaseDirectory}: the tests read the source text of the packages.");
    }
}
