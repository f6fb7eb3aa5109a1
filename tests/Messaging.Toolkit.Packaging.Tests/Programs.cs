using System.Text.RegularExpressions;

namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>Programs that use the packages: that of the README, and those that the templates make. They are restored and built together, which takes half the time.</summary>
sealed partial class Programs
{
    public const string Readme = "Shop";
    public const string Service = "Orders";
    public const string Saga = "Checkouts";

    /// <summary>They are only built: what else can be chosen.</summary>
    private const string ServiceOverRabbitMQ = "OrdersOverRabbitMQ";
    private const string SagaOverKafka = "CheckoutsOverKafka";

    private readonly Feed feed;

    private Programs(Feed feed) => this.feed = feed;

    public static async Task<Programs> BuildAsync(Feed feed)
    {
        var programs = new Programs(feed);
        await programs.WriteReadmeAsync();
        await programs.NewAsync("install", Path.Combine(feed.Folder, $"{Feed.Templates}.{Feed.Version}.nupkg"));
        await programs.NewAsync("messaging-service", "--name", Service);
        await programs.NewAsync("messaging-saga", "--name", Saga);
        await programs.NewAsync("messaging-service", "--name", ServiceOverRabbitMQ, "--transport", "rabbitmq", "--database", "postgres");
        await programs.NewAsync("messaging-saga", "--name", SagaOverKafka, "--transport", "kafka");

        string[] all = [Readme, Service, Saga, ServiceOverRabbitMQ, SagaOverKafka];
        await File.WriteAllTextAsync(Path.Combine(feed.Workshop, "All.slnx"), $"<Solution>{string.Concat(all.Select(name => $"<Project Path=\"{name}/{name}.csproj\" />"))}</Solution>");
        await DotNet.RunAsync(feed.Workshop, "build", "All.slnx", "--verbosity", "quiet", "-warnaserror");
        return programs;
    }

    public Task<RunningProgram> StartAsync(string name) => RunningProgram.StartAsync(Path.Combine(feed.Workshop, name, "bin", "Debug", "net10.0", name + ".dll"));

    /// <summary>What 'dotnet new web' and 'dotnet add package' make of the README's first block, and the program that is its second.</summary>
    private async Task WriteReadmeAsync()
    {
        var readme = await File.ReadAllTextAsync(Repository.PathOf("README.md"));
        var packages = AddPackage.Matches(readme).Select(match => match.Groups[1].Value).ToList();
        packages.Should().NotBeEmpty();
        var code = CSharpBlock.Matches(readme).Should().ContainSingle("the program is one block, to be copied as it is").Subject.Groups[1].Value;

        var folder = Directory.CreateDirectory(Path.Combine(feed.Workshop, Readme)).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), code);
        await File.WriteAllTextAsync(Path.Combine(folder, Readme + ".csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(packages.Select(id => $"<PackageReference Include=\"{id}\" Version=\"{(Feed.Libraries.Contains(id) ? Feed.Version : Repository.EntityFrameworkVersion)}\" />"))}
              </ItemGroup>
            </Project>
            """);
    }

    /// <summary>In a hive of its own: what somebody has installed on this machine is neither used nor changed.</summary>
    private Task NewAsync(params string[] arguments) => DotNet.RunAsync(feed.Workshop, ["new", .. arguments, "--debug:custom-hive", Path.Combine(feed.Folder, "hive")]);

    [GeneratedRegex(@"^dotnet add package (\S+)", RegexOptions.Multiline)]
    private static partial Regex AddPackage { get; }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock { get; }
}
