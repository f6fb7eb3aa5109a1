namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>The same sources give the same bytes, so that anybody can find out what a package was made of.</summary>
[Collection(FeedCollection.Name)]
public sealed class DeterminismTests(Feed feed)
{
    /// <summary>All are compiled with the same settings; this one has generated code of each kind, and is small.</summary>
    private const string Id = "Messaging.Toolkit.RabbitMQ";

    private const string PathMap = "/pathmap:";

    /// <summary>Another run of the compiler, into another folder, which it is told to call by the name of the first one.</summary>
    [Fact]
    public async Task An_assembly_that_is_compiled_again_is_the_same()
    {
        var project = Repository.PathOf("src", Id);
        var first = Path.Combine(project, "obj", Repository.Configuration, "net10.0");
        var second = Directory.CreateDirectory(Path.Combine(feed.Folder, "again")).FullName;
        var arguments = await File.ReadAllLinesAsync(Path.Combine(first, "compiler-arguments.txt"));
        var response = Path.Combine(second, "arguments.rsp");
        var maps = arguments.Where(argument => argument.StartsWith(PathMap, StringComparison.Ordinal)).SelectMany(argument => argument[PathMap.Length..].Trim('"').Split(',', StringSplitOptions.RemoveEmptyEntries)).ToList();
        await File.WriteAllLinesAsync(response, arguments.Where(argument => !argument.StartsWith(PathMap, StringComparison.Ordinal)).Select(argument => Elsewhere(argument, second))
            .Append(PathMap + string.Join(',', [.. maps, $"{second}={NameOf(first, maps)}"])));

        await DotNet.RunAsync(project, "exec", await CompilerAsync(), "-noconfig", "@" + response);

        (await File.ReadAllBytesAsync(Path.Combine(second, Id + ".dll"))).Should().Equal(feed.Open(Id).Read($"lib/net10.0/{Id}.dll"));
    }

    /// <summary>What a folder is called in what is compiled: where packages are made it is the same on every machine.</summary>
    private static string NameOf(string folder, IEnumerable<string> maps)
        => maps.Select(map => map.Split('=')).Where(map => folder.StartsWith(map[0], StringComparison.Ordinal)).Select(map => map[1] + folder[map[0].Length..]).FirstOrDefault() ?? folder;

    /// <summary>What it writes goes to the other folder; what it reads stays.</summary>
    private static string Elsewhere(string argument, string folder)
    {
        string[] outputs = ["/out:", "/pdb:", "/doc:", "/refout:"];
        var option = outputs.FirstOrDefault(output => argument.StartsWith(output, StringComparison.Ordinal));
        return option is null ? argument : option + Path.Combine(folder, (option == "/refout:" ? "ref-" : "") + Path.GetFileName(argument[option.Length..].Trim('"')));
    }

    private static async Task<string> CompilerAsync()
    {
        var information = await DotNet.RunAsync(Repository.Root, "msbuild", Repository.PathOf("src", "Messaging.Toolkit", "Messaging.Toolkit.csproj"), "-getProperty:RoslynTargetsPath");
        return Path.Combine(information.Trim(), "bincore", "csc.dll");
    }
}
