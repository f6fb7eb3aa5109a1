using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json;

namespace Messaging.Toolkit.Testing.Tests.Planted;

/// <summary>
/// This assembly as a program. It runs the program behind eng/simulate as often as it is asked to, each time with one package exchanged. The
/// rest stays loaded and translated: in a process of its own for each bug, that would take most of the time.
/// </summary>
internal static class SimulationServer
{
    private const string Program = "Messaging.Toolkit.Simulations";

    /// <summary>Ends when nobody is there to ask.</summary>
    public static int Main()
    {
        using var answers = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        while (Console.In.ReadLine() is { } request)
        {
            answers.WriteLine(JsonSerializer.Serialize(Run(JsonSerializer.Deserialize<SimulationRequest>(request)!)));
        }

        return 0;
    }

    private static SimulationAnswer Run(SimulationRequest request)
    {
        using var output = new StringWriter();
        Console.SetOut(output);
        var program = new MutatedAssemblies(request.Assembly).LoadFromAssemblyName(new(Program));
        var exitCode = (int)program.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [request.Arguments], null)!;
        return new(exitCode, output.ToString());
    }

    /// <summary>The toolkit and its simulations, apart from those of other runs. Everything else is shared with them.</summary>
    /// <param name="mutated">The assembly that takes the place of the one with its name.</param>
    private sealed class MutatedAssemblies(string mutated) : AssemblyLoadContext
    {
        protected override Assembly? Load(AssemblyName name)
        {
            var file = name.Name + ".dll";
            if (file == Path.GetFileName(mutated))
            {
                using var assembly = new MemoryStream(File.ReadAllBytes(mutated)); // The file does not stay open: the next one takes its place.
                return LoadFromStream(assembly);
            }

            return file.StartsWith("Messaging.Toolkit", StringComparison.Ordinal) ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, file)) : null;
        }
    }
}

/// <param name="Assembly">The path of the assembly that takes the place of the one with its name.</param>
/// <param name="Arguments">As of eng/simulate.</param>
internal sealed record SimulationRequest(string Assembly, string[] Arguments);

/// <param name="ExitCode">As of eng/simulate.</param>
/// <param name="Output">What was written to the console.</param>
internal sealed record SimulationAnswer(int ExitCode, string Output);
