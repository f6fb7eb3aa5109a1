using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>
/// A package, which is compiled again as the build has compiled it but for one file. By the build's own compiler, yet in this process: it would
/// take ten seconds to start, translate itself and read everything, each time.
/// </summary>
internal sealed class Package
{
    private static readonly ConcurrentDictionary<string, Lazy<Package>> Known = new(StringComparer.Ordinal);

    private readonly string folder;
    private readonly CSharpCompilation compilation;
    private readonly GeneratorDriver generators;

    private Package(string name)
    {
        folder = Repository.SourceFolder(name);
        var arguments = CSharpCommandLineParser.Default.Parse(File.ReadLines(Repository.CompilerArguments(name)), folder, sdkDirectory: null);
        arguments.Errors.Should().BeEmpty("the build of {0} had none", name);
        compilation = CSharpCompilation.Create(
            name,
            arguments.SourceFiles.Select(file => Parse(file.Path, File.ReadAllText(file.Path), arguments.ParseOptions)),
            arguments.MetadataReferences.Select(reference => MetadataReference.CreateFromFile(reference.Reference, reference.Properties)),
            arguments.CompilationOptions.WithGeneralDiagnosticOption(ReportDiagnostic.Default)); // A changed text may cause warnings.
        var analyzers = arguments.AnalyzerReferences.Select(reference => new AnalyzerFileReference(reference.FilePath, GeneratorLoader.Instance));
        generators = CSharpGeneratorDriver
            .Create(analyzers.SelectMany(analyzer => analyzer.GetGenerators(LanguageNames.CSharp)), parseOptions: arguments.ParseOptions)
            .RunGenerators(compilation); // What they find is kept for the files that do not change.
    }

    public static Package Of(string name) => Known.GetOrAdd(name, static name => new(() => new(name))).Value;

    /// <param name="file">The file, relative to the package's folder.</param>
    /// <param name="text">What it is to have in it.</param>
    /// <param name="assembly">Where the assembly is put.</param>
    public void Compile(string file, string text, string assembly)
    {
        var path = Path.Combine(folder, file);
        var original = compilation.SyntaxTrees.SingleOrDefault(tree => tree.FilePath == path);
        original.Should().NotBeNull("{0} must be one of the files of {1}", file, compilation.AssemblyName);
        var changed = compilation.ReplaceSyntaxTree(original!, Parse(path, text, (CSharpParseOptions)original!.Options));
        generators.RunGeneratorsAndUpdateCompilation(changed, out var complete, out var problems);
        problems.Should().BeEmpty();

        using var stream = File.Create(assembly);
        complete.Emit(stream).Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Should().BeEmpty("a planted bug must compile");
    }

    private static SyntaxTree Parse(string path, string text, CSharpParseOptions options) => CSharpSyntaxTree.ParseText(SourceText.From(text, Encoding.UTF8), options, path);

    private sealed class GeneratorLoader : IAnalyzerAssemblyLoader
    {
        public static readonly GeneratorLoader Instance = new();

        public void AddDependencyLocation(string fullPath) { }

        public Assembly LoadFromPath(string fullPath) => Assembly.LoadFrom(fullPath);
    }
}
