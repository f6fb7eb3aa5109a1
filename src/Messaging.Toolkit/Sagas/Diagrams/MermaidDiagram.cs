using System.Text;
using Messaging.Toolkit.Sagas.Definitions;
using Messaging.Toolkit.Sagas.Processes;

namespace Messaging.Toolkit.Sagas.Diagrams;

/// <summary>Draws definitions as Mermaid diagrams: sagas as flow charts, process managers as state diagrams.</summary>
internal static class MermaidDiagram
{
    public static string Of(InstanceDefinition definition, SagaView? instance) => definition switch
    {
        SagaDefinition saga => OfSaga(saga, instance),
        ProcessDefinition process => OfProcess(process, instance),
        _ => throw new ArgumentOutOfRangeException(nameof(definition)),
    };

    private static string OfSaga(SagaDefinition saga, SagaView? instance)
    {
        var text = new StringBuilder("flowchart TD\n    start([start])\n");
        var before = new List<string> { "start" };
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var section in saga.Sections)
        {
            var indent = section.Name is null ? "    " : "        ";
            if (section.Name is { } group)
            {
                text.Append($"    subgraph g{ids.Count}[\"{Label(group)}\"]\n");
            }

            foreach (var step in section.Steps)
            {
                var id = ids[step.Name] = $"s{ids.Count}";
                text.Append(section.IsPivot ? $"{indent}{id}{{{{\"{Label(step.Name)}\"}}}}\n" : $"{indent}{id}[\"{Label(step.Name)}\"]\n");
            }

            text.Append(section.Name is null ? "" : "    end\n");
            var now = section.Steps.Select(step => ids[step.Name]).ToList();
            text.AppendJoin("", before.SelectMany(_ => now, (from, to) => $"    {from} --> {to}\n"));
            before = now;
        }

        text.Append("    done([completed])\n").AppendJoin("", before.Select(from => $"    {from} --> done\n"));
        foreach (var step in saga.Sections.SelectMany(section => section.Steps).Where(step => step.Compensation is not null))
        {
            text.Append($"    {ids[step.Name]} -. undone by .-> {ids[step.Name]}u[\"{Label(NameOf(step.Compensation!))}\"]\n");
        }

        return Mark(text, instance, position => ids.GetValueOrDefault(position), instance?.Status == SagaStatus.Completed ? "done" : null);
    }

    private static string OfProcess(ProcessDefinition process, SagaView? instance)
    {
        var text = new StringBuilder("stateDiagram-v2\n");
        var ids = process.States.Keys.Concat(process.Reactions.SelectMany(reaction => reaction.Reaction.Targets)).Distinct(StringComparer.Ordinal)
            .Select((name, index) => (name, Id: $"s{index}")).ToDictionary(entry => entry.name, entry => entry.Id, StringComparer.Ordinal);
        text.AppendJoin("", ids.Select(state => $"    state \"{Label(state.Key)}\" as {state.Value}\n"));
        foreach (var (from, reaction) in process.Reactions)
        {
            var source = from is null ? "[*]" : ids[from];
            var label = Label(reaction.MessageType.Name);
            var targets = reaction.Targets.Select(target => ids[target]).ToList();
            text.AppendJoin("", targets.Select(target => $"    {source} --> {target}: {label}\n"));
            if (reaction.MayComplete)
            {
                text.AppendJoin("", targets.Count > 0 ? targets.Select(target => $"    {target} --> [*]\n") : [$"    {source} --> [*]: {label}\n"]);
            }
            else if (targets.Count == 0)
            {
                text.Append($"    {source} --> {source}: {label}\n");
            }
        }

        return Mark(text, instance, position => ids.GetValueOrDefault(position), finished: null);
    }

    private static string Mark(StringBuilder text, SagaView? instance, Func<string, string?> idOf, string? finished)
    {
        var marked = (instance?.Position ?? "").Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(idOf).Append(finished).OfType<string>().ToList();
        if (marked.Count > 0)
        {
            var colour = instance!.Status switch
            {
                SagaStatus.Stuck => "#e66",
                SagaStatus.Compensating => "#fb4",
                _ => "#6c6",
            };
            text.Append($"    classDef here fill:{colour},stroke-width:3px\n    class {string.Join(',', marked)} here\n");
        }

        return text.ToString();
    }

    private static string NameOf(StepAction action) => action switch
    {
        StepAction.Sends sends => sends.MessageType.Name,
        StepAction.Publishes publishes => publishes.MessageType.Name,
        StepAction.Runs runs => runs.ActivityType.Name,
        _ => "",
    };

    /// <summary>Names of the application's have no quotes in them, but those of generic classes have characters that Mermaid reads.</summary>
    private static string Label(string name) => name.Replace('`', '_').Replace('"', '\'');
}
