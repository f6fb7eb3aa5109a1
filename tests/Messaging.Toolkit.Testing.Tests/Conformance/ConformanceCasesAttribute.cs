using System.Reflection;
using Xunit.Sdk;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>
/// Runs a theory once per case of the suite, except for those that the method leaves out with a reason:
/// <c>[InlineData("A_case", Skip = "why")]</c>. Those are shown as skipped.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ConformanceCasesAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod)
    {
        var skipped = SkippedBy(testMethod);
        var unknown = skipped.Except(TransportConformance.CaseNames).ToList();
        return unknown.Count == 0
            ? TransportConformance.CaseNames.Except(skipped).Select(name => new object[] { name })
            : throw new InvalidOperationException($"{testMethod.ReflectedType!.Name} skips what is no case: {string.Join(", ", unknown)}.");
    }

    public static List<string> SkippedBy(MethodInfo testMethod)
        => [.. testMethod.GetCustomAttributes<InlineDataAttribute>().Where(row => row.Skip is { Length: > 0 }).Select(row => (string)row.GetData(testMethod).Single()[0])];
}
