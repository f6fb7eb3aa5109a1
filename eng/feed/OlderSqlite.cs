using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

/// <summary>
/// Lets EF Core, compiled against SQLitePCLRaw 2.1, run on 2.0.6. The runtime never binds a reference to a lower version by
/// itself; it asks here first. Compiled only where the package feed has no newer one, see Sqlite.props.
/// </summary>
static class OlderSqlite
{
#pragma warning disable CA2255 // The binding must be in place before the first SQLite type is touched, whoever touches it.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Install() => AssemblyLoadContext.Default.Resolving += Resolve;

    static Assembly? Resolve(AssemblyLoadContext context, AssemblyName wanted) =>
        // Without a version any version binds; the null check ends the recursion when there is none at all.
        wanted is { Name: { } name, Version: not null } && name.StartsWith("SQLitePCLRaw.", StringComparison.Ordinal)
            ? context.LoadFromAssemblyName(new AssemblyName(name))
            : null;
}
