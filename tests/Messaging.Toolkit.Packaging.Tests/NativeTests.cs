using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>Core and RabbitMQ say that they can be compiled natively.</summary>
[Collection(FeedCollection.Name)]
public sealed class NativeTests(Feed feed)
{
    [NativeFact]
    public async Task A_program_is_compiled_natively_without_a_warning_and_its_messages_are_handled()
    {
        var folder = Directory.CreateDirectory(Path.Combine(feed.Workshop, "Native")).FullName;
        foreach (var file in Directory.GetFiles(Repository.PathOf("tests", "Messaging.Toolkit.NativeAot"), "*.cs"))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "Messaging.Toolkit.NativeAot.csproj"), Project());
        await DotNet.RunAsync(
            folder, "publish", "Messaging.Toolkit.NativeAot.csproj", "--runtime", RuntimeInformation.RuntimeIdentifier, "--configuration", "Debug", "--output", "published", "--verbosity", "quiet", "-warnaserror");

        using var program = Process.Start(new ProcessStartInfo(Path.Combine(folder, "published", "Messaging.Toolkit.NativeAot")) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = program.StandardError.ReadToEndAsync();
        (await program.StandardOutput.ReadToEndAsync()).Should().Be($"charged 12.5{Environment.NewLine}", await errors);
    }

    /// <summary>Not optimized: it is there to be compiled and run, not to be fast.</summary>
    private static string Project() => $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            <PublishAot>true</PublishAot>
            <InvariantGlobalization>true</InvariantGlobalization>
            <StripSymbols>false</StripSymbols>
            <CppCompilerAndLinker>{NativeFactAttribute.Linker}</CppCompilerAndLinker>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Messaging.Toolkit.RabbitMQ" Version="{Feed.Version}" />
            <PackageReference Include="Microsoft.Extensions.DependencyInjection" Version="{Repository.ExtensionsVersion}" />
            <PackageReference Include="Microsoft.Extensions.Logging" Version="{Repository.ExtensionsVersion}" />
          </ItemGroup>
        </Project>
        """;
}
