using System.Reflection;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

public sealed class ConformanceTests
{
    public static TheoryData<Type> Adapters => [.. typeof(ConformanceTests).Assembly.GetTypes().Where(type => TheoryOf(type) is not null)];

    [Theory, MemberData(nameof(Adapters))]
    public void Every_case_is_run_or_skipped_with_a_reason(Type adapter)
    {
        var theory = TheoryOf(adapter)!;
        var run = theory.GetCustomAttribute<ConformanceCasesAttribute>()!.GetData(theory).Select(row => (string)row[0]);

        run.Concat(ConformanceCasesAttribute.SkippedBy(theory)).Should().BeEquivalentTo(TransportConformance.CaseNames).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public void Cases_are_sentences_and_there_are_many()
    {
        TransportConformance.CaseNames.Should().HaveCountGreaterThan(15);
        TransportConformance.CaseNames.Should().OnlyContain(name => char.IsUpper(name[0]) && name.Contains('_'));
    }

    [Fact]
    public void Every_class_of_this_assembly_that_inherits_the_suite_runs_it()
        => typeof(ConformanceTests).Assembly.GetTypes().Where(type => type is { IsPublic: true, IsAbstract: false } && type.IsSubclassOf(typeof(TransportConformance)))
            .Should().OnlyContain(type => TheoryOf(type) != null).And.NotBeEmpty();

    private static MethodInfo? TheoryOf(Type type) => type.GetMethods().SingleOrDefault(method => method.IsDefined(typeof(ConformanceCasesAttribute)));
}
