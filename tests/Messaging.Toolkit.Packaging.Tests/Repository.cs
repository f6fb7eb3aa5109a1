using System.Reflection;

namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>What the build has said of itself.</summary>
static class Repository
{
    public static string Root => Get("RepositoryRoot");

    public static string Configuration => Get("Configuration");

    public static string EntityFrameworkVersion => Get("EntityFrameworkVersion");

    public static string ExtensionsVersion => Get("ExtensionsVersion");

    /// <summary>Where the package feed lacks something the projects take what stands in for it, and so do those that are made here.</summary>
    public static bool UsesOlderSqlite => Get("UseOlderSqlite") == "true";

    /// <summary>Where the packages are that stand in for others; empty if the feed has all.</summary>
    public static string StandIns => Get("RestoreAdditionalProjectSources");

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Get(string key)
        => typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value ?? "";
}
