using System.Text.Json;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Engine;
using Messaging.Toolkit.Sagas.Processes;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>Something that an instance depends on.</summary>
/// <param name="What">What it is, for people: "'hold-funds'", "the compensation of 'hold-funds'".</param>
/// <param name="IsThere">Whether the definition has it.</param>
/// <param name="IsPosition">Whether it is where the instance stands, as everybody can see.</param>
internal readonly record struct Dependency(string What, bool IsThere, bool IsPosition);

/// <summary>What instances depend on: without it in their definition they are not touched.</summary>
internal static class Dependencies
{
    /// <summary>The steps of which something is still to come, and those that may have to be undone, with their compensations.</summary>
    public static IEnumerable<Dependency> Of(SagaDefinition definition, SagaProgress progress)
        => progress.Steps.Where(run => run.IsOpen).Select(run => new Dependency($"'{run.Step}'", definition.Has(run.Step), IsPosition: true))
            .Concat(progress.Effects.Select(step => new Dependency($"'{step}'", definition.Has(step), IsPosition: false)))
            .Concat(progress.Effects
                .Concat(progress.Steps.Where(run => run.State is StepState.Undoing or StepState.WaitingToUndo).Select(run => run.Step))
                .Where(definition.Has)
                .Select(step => new Dependency($"the compensation of '{step}'", definition.Step(step).Compensation is not null, IsPosition: false)));

    /// <summary>The state, and the timeouts that are set.</summary>
    public static IEnumerable<Dependency> Of(ProcessDefinition definition, ProcessProgress progress)
        => progress is { State: { } state, IsCompleted: false }
            ? progress.Timeouts.Select(timeout => new Dependency($"'{timeout.Name}'", definition.Has(timeout.Name), IsPosition: false)).Prepend(new($"'{state}'", definition.Has(state), IsPosition: true))
            : [];

    /// <summary>What a stored instance depends on and the definition does not have, beside where it stands; null if nothing, or if that cannot be read.</summary>
    public static string? FindHidden(InstanceDefinition definition, int version, string progress)
    {
        try
        {
            return Of(definition, version, progress).FirstOrDefault(dependency => dependency is { IsThere: false, IsPosition: false }).What;
        }
        catch (Exception)
        {
            // Somebody has written into the row: that instance stands stuck when it is next handled, and the others are looked at.
            return null;
        }
    }

    private static IEnumerable<Dependency> Of(InstanceDefinition definition, int version, string progress) => definition switch
    {
        SagaDefinition saga when JsonSerializer.Deserialize(progress, SagaJson.Default.SagaProgress) is { } read
            => Of(saga, SagaHandler.BringUp(saga, read, version)),
        ProcessDefinition process when JsonSerializer.Deserialize(progress, SagaJson.Default.ProcessProgress) is { } read
            => Of(process, ProcessHandler.BringUp(process, read, version)),
        _ => [],
    };
}
