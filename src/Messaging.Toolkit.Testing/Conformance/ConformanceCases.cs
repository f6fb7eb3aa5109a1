using System.Reflection;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>All cases: the public methods of the classes listed here. A new class of cases is added to them.</summary>
internal static class ConformanceCases
{
    private static readonly Type[] Classes =
    [
        typeof(ContentCases), typeof(OrderCases), typeof(ResultCases), typeof(SettlingCases), typeof(TakeoverCases), typeof(CancellationCases), typeof(FailureCases),
    ];

    public static IReadOnlyDictionary<string, Func<Trial, Task>> All { get; } = Classes
        .SelectMany(cases => cases.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
        .ToDictionary(method => method.Name, method => method.CreateDelegate<Func<Trial, Task>>(), StringComparer.Ordinal);
}
