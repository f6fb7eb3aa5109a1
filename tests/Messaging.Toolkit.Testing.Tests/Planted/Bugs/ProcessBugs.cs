namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>
/// In process managers. That a timeout which arrives is taken for all that wait is not shown: a parcel never has two of them at a time.
/// </summary>
internal static class ProcessBugs
{
    private const string Handler = "Messaging.Toolkit/Sagas/Processes/ProcessHandler.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        Bug("timeout not taken back", "A timeout that is taken back stays, and comes.",
            "turn.Progress = turn.Progress.Without(unschedules.Name);",
            ""),

        Bug("old timeout kept", "A timeout that takes the place of another one stands beside it.",
            "var others = turn.Progress.Without(schedules.Name);",
            "var others = turn.Progress;"),

        Bug("timeout comes again", "A timeout that has come comes once more.",
            "turn.Progress = turn.Progress.Without(next.Name);",
            "turn.Progress = turn.Progress with { Timeouts = [.. turn.Progress.Without(next.Name).Timeouts, next with { Due = next.Due.AddSeconds(3) }] };"),

        Bug("parked and forgotten", "Events that wait for an instance are dropped when it begins.",
            "foreach (var waiting in parked)",
            "foreach (var waiting in parked.Take(0))"),

        Bug("parked events turned round", "Events that have waited for an instance are handled in the reverse order.",
            "foreach (var waiting in parked)",
            "foreach (var waiting in Enumerable.Reverse(parked))"),

        Bug("parked event in the place of others", "Of the events that wait for an instance only the last one is kept.",
            "Parked = [.. turn.Progress.Parked, ParkedEvent.Of(turn.Context.Envelope, until)],",
            "Parked = [ParkedEvent.Of(turn.Context.Envelope, until)],"),

        Bug("instance by key", "An event is for the instance of its ordering key.",
            """
            turn.Correlation = definition.Correlate(message);
            await OpenAsync(turn, IdOf(turn.Correlation));
            """,
            """
            turn.Correlation = context.Key ?? definition.Correlate(message);
            await OpenAsync(turn, IdOf(turn.Correlation));
            """),
    ];

    private static PlantedBug Bug(string name, string description, string old, string @new) => new(name, description, Handler, old, @new) { Application = "sagas" };
}

public sealed class ProcessBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(ProcessBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
