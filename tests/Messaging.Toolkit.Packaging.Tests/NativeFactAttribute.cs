namespace Messaging.Toolkit.Packaging.Tests;

/// <summary>A test that links a native program.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class NativeFactAttribute : FactAttribute
{
    public NativeFactAttribute()
    {
        if (Linker is null)
        {
            Skip = "There is neither clang nor gcc on the PATH, one of which the native compiler needs.";
        }
    }

    /// <summary>The first that is there; null if none is.</summary>
    public static string? Linker { get; } = OperatingSystem.IsLinux() ? new[] { "clang", "gcc" }.FirstOrDefault(IsThere) : null;

    private static bool IsThere(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
