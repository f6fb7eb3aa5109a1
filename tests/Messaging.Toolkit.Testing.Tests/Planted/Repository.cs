namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>The repository that these tests were built in, and what was built in it with them.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>How these tests were built, as folders of outputs name it: Release/net10.0.</summary>
    private static string Build { get; } = Path.Combine(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory).Split(Path.DirectorySeparatorChar)[^2..]);

    public static string SourceFolder(string package) => Path.Combine(Root, "src", package);

    /// <summary>What the compiler was told when it compiled the package; see src/Directory.Build.targets.</summary>
    public static string CompilerArguments(string package) => Path.Combine(SourceFolder(package), "obj", Build, "compiler-arguments.txt");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Messaging.Toolkit.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"There is no Messaging.Toolkit.sln above {AppContext.BaseDirectory}: the tests change the source text of the packages.");
    }
}
