namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>All packages, packed once from what has been built, in a folder of their own.</summary>
public sealed class Feed : IAsyncLifetime
{
    /// <summary>A version that nobody publishes, so that nothing else of that name can be found on this machine.</summary>
    public const string Version = "0.1.0-packed";

    public static readonly string[] Libraries =
    [
        "Messaging.Toolkit", "Messaging.Toolkit.EntityFrameworkCore", "Messaging.Toolkit.Kafka", "Messaging.Toolkit.RabbitMQ", "Messaging.Toolkit.Testing",
    ];

    public const string Templates = "Messaging.Toolkit.Templates";

    private static readonly string Restored = Repository.PathOf("artifacts", "restored");

    private Task<Programs>? programs;

    public string Folder { get; } = Directory.CreateTempSubdirectory("messaging-packages-").FullName;

    /// <summary>Where projects that use the packages are made: outside of the repository, whose settings must not reach them.</summary>
    public string Workshop => Path.Combine(Folder, "workshop");

    public async Task InitializeAsync()
    {
        await DotNet.RunAsync(Repository.Root, "msbuild", PathOfProject(), "-verbosity:quiet", "-nodeReuse:false");
        ForgetRestored();
        Directory.CreateDirectory(Workshop);
        await File.WriteAllTextAsync(Path.Combine(Workshop, "nuget.config"), NuGetConfig());

        // In place of the repository's own. What is found out about packages of others tomorrow is not what is tested.
        await File.WriteAllTextAsync(Path.Combine(Workshop, "Directory.Build.props"), "<Project><PropertyGroup><NuGetAudit>false</NuGetAudit></PropertyGroup></Project>");
        await File.WriteAllTextAsync(Path.Combine(Workshop, "Directory.Build.targets"), StandIns());
    }

    /// <summary>The programs that use the packages; built when the first test asks for them.</summary>
    internal Task<Programs> ProgramsAsync() => programs ??= Programs.BuildAsync(this);

    public Package Open(string id, string extension = ".nupkg") => new(Path.Combine(Folder, $"{id}.{Version}{extension}"));

    public Task DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>One call for all: most of the time of packing is that of starting the SDK.</summary>
    private string PathOfProject()
    {
        var projects = Libraries.Select(id => Repository.PathOf("src", id, id + ".csproj")).Append(Repository.PathOf("samples", "Templates", Templates + ".csproj"));
        var path = Path.Combine(Folder, "Pack.proj");
        File.WriteAllText(path, $"""
            <Project DefaultTargets="Pack">
              <ItemGroup>{string.Concat(projects.Select(project => $"<ToPack Include=\"{project}\" />"))}</ItemGroup>
              <Target Name="Pack">
                <MSBuild Projects="@(ToPack)" Targets="Pack" Properties="NoBuild=true;Configuration={Repository.Configuration};PackageOutputPath={Folder};PackageVersion={Version}" />
              </Target>
            </Project>
            """);
        return path;
    }

    /// <summary>NuGet never restores a version twice, and these are other packages than those of the last run.</summary>
    private static void ForgetRestored()
    {
        foreach (var folder in Directory.CreateDirectory(Restored).GetDirectories("messaging.toolkit*"))
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What the machine has already is used from where it is; what it has not, such as the native compiler, is restored into a folder that stays.</summary>
    private string NuGetConfig() => $"""
        <configuration>
          <config>
            <add key="globalPackagesFolder" value="{Restored}" />
          </config>
          <fallbackPackageFolders>
            <add key="machine" value="{MachinePackages()}" />
          </fallbackPackageFolders>
          <packageSources>
            <add key="packed" value="{Folder}" />
            {(Repository.StandIns.Length > 0 ? $"<add key=\"stand-ins\" value=\"{Repository.StandIns}\" />" : "")}
          </packageSources>
          <packageSourceMapping>
            <clear />
          </packageSourceMapping>
        </configuration>
        """;

    private static string MachinePackages()
    {
        var folder = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
                     ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return Directory.CreateDirectory(folder).FullName;
    }

    /// <summary>The same as eng/feed/Sqlite.props does in the repository, and only where that is needed.</summary>
    private static string StandIns() => !Repository.UsesOlderSqlite ? "<Project />" : $"""
        <Project>
          <PropertyGroup>
            <NoWarn>$(NoWarn);NU1605;NETSDK1206</NoWarn>
          </PropertyGroup>
          <ItemGroup Condition="'@(PackageReference->WithMetadataValue('Identity', 'Microsoft.EntityFrameworkCore.Sqlite'))' != ''">
            <PackageReference Remove="Microsoft.EntityFrameworkCore.Sqlite" />
            <PackageReference Include="Microsoft.EntityFrameworkCore.Sqlite.Core" Version="{Repository.EntityFrameworkVersion}" />
            <PackageReference Include="SQLitePCLRaw.bundle_e_sqlite3;SQLitePCLRaw.core;SQLitePCLRaw.lib.e_sqlite3;SQLitePCLRaw.provider.e_sqlite3" Version="2.0.6" />
            <Compile Include="{Repository.PathOf("eng", "feed", "OlderSqlite.cs")}" />
          </ItemGroup>
        </Project>
        """;
}
