namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>Compiles a package again, as the build has compiled it but for one file.</summary>
internal static class Package
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>What is not wanted: other outputs, and warnings, which a changed text may cause.</summary>
    private static readonly string[] Dropped = ["/noconfig", "/out:", "/refout:", "/doc:", "/debug", "/embed", "/sourcelink:", "/warnaserror"];

    /// <param name="package">Its name.</param>
    /// <param name="file">The file, relative to the package's folder.</param>
    /// <param name="text">What it is to have in it.</param>
    /// <param name="folder">Where the assembly is put.</param>
    public static async Task CompileAsync(string package, string file, string text, string folder)
    {
        var changed = Path.Combine(folder, $"{package}.changed.cs");
        await File.WriteAllTextAsync(changed, text);
        var (compiler, arguments) = await ReadArgumentsAsync(package);
        var index = arguments.FindIndex(argument => argument.Trim('"') == file);
        index.Should().NotBe(-1, "{0} must be one of the files of {1}", file, package);
        arguments[index] = $"\"{changed}\"";

        var response = Path.Combine(folder, $"{package}.rsp");
        await File.WriteAllLinesAsync(response, [.. arguments, "/skipanalyzers+", "/debug-", $"/out:\"{Path.Combine(folder, package + ".dll")}\""]);
        var (exitCode, output) = await ChildProcess.RunAsync(Repository.SourceFolder(package), Limit, compiler, "/noconfig", "@" + response);
        exitCode.Should().Be(0, "a planted bug must compile:\n{0}", output);
    }

    private static async Task<(string Compiler, List<string> Arguments)> ReadArgumentsAsync(string package)
    {
        var lines = await File.ReadAllLinesAsync(Repository.CompilerArguments(package));
        return (lines[0], [.. lines.Skip(1).Where(line => !Dropped.Any(option => line.StartsWith(option, StringComparison.Ordinal)))]);
    }
}
