namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>
/// When a saga goes forwards, and back. That nobody looks at the revision of an instance cannot be shown over SQLite: it has one writer, who
/// has read what there is.
/// </summary>
internal static class SagaBugs
{
    private const string Engine = "Messaging.Toolkit/Sagas/Engine/SagaEngine.cs";
    private const string Handler = "Messaging.Toolkit/Sagas/Running/SagaHandler.cs";
    private const string Bus = "Messaging.Toolkit/Sagas/Running/SagaBus.cs";
    private const string Store = "Messaging.Toolkit.EntityFrameworkCore/Stores/EfSagaStore.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        Bug("started twice", "A saga that is started again with its id begins again.", Handler,
            "SagaSignal { Kind: SagaSignalKind.Start } => null,",
            "SagaSignal { Kind: SagaSignalKind.Start } => new SagaInput.Started(),"),

        Bug("id ignored", "A saga that is started again with its id is another one.", Bus,
            "var saga = id ?? bus.NewId(SagaSignal.Name);",
            "var saga = bus.NewId(SagaSignal.Name);"),

        Bug("instance kept in memory", "A process goes on with an instance as it has left it, and does not read it again.", Store,
            """
            var context = ContextOf(scope);
            return database.Store.Dialect(context).Sagas.ReadAsync(context, id, cancellationToken);
            }

            public async Task WriteAsync(IServiceProvider scope, SagaRecord record, IReadOnlyList<SagaHistoryEntry> history, CancellationToken cancellationToken)
            {
            """,
            """
            var context = ContextOf(scope);
            return known.TryGetValue(id, out var record)
                ? Task.FromResult(new SagaReading(record, record.ChangedAt))
                : database.Store.Dialect(context).Sagas.ReadAsync(context, id, cancellationToken);
            }

            private readonly System.Collections.Concurrent.ConcurrentDictionary<Guid, SagaRecord> known = [];

            public async Task WriteAsync(IServiceProvider scope, SagaRecord record, IReadOnlyList<SagaHistoryEntry> history, CancellationToken cancellationToken)
            {
            known[record.Id] = record;
            """),

        Bug("another request", "A step that is asked for again is another message.", Handler,
            "Id = MessageIds.OfRequest(instance.Id, request.Step, effect.Attempt, effect.Undoes),",
            ""),

        Bug("second reply taken", "A second reply to a step is taken like the first.", Handler,
            """
            if (turn.Progress.Find(step.Name) is not { State: StepState.Running or StepState.Waiting or StepState.TimedOut or StepState.Failed })
            {
                return null;
            }
            """,
            """
            turn.Progress = turn.Progress with
            {
                Steps = [.. turn.Progress.Steps.Select(run => run.Step == step.Name && run.State == StepState.Succeeded ? run with { State = StepState.Running } : run)],
            };
            """),

        Bug("group not awaited", "A group goes on as soon as one of its steps has ended.", Engine,
            """
            if (stage.Steps.Any(step => progress.Find(step.Name) is { IsOpen: true }))
            {
                return;
            }
            """,
            ""),

        Bug("failure in the transaction", "The failure of an activity is saved together with what the activity has changed.", Handler,
            "await RunAsync(instance, turn, effect, runs, step.Timeout, cancellationToken);",
            """
            try
            {
                await RunAsync(instance, turn, effect, runs, step.Timeout, cancellationToken);
            }
            catch (StepFailedException failed)
            {
                return effect.Undoes ? new SagaInput.UndoFailed(effect.Step, effect.Attempt, failed.Reason, failed.Kind) : new SagaInput.Failed(effect.Step, effect.Attempt, failed.Reason, failed.Kind);
            }
            """),

        Bug("activities together", "Activities that follow each other run in one transaction.", Handler,
            "turn.HasRunActivity = true;",
            ""),

        Bug("failed step tried for ever", "A step that was given up is tried in each further attempt at its message.", "Messaging.Toolkit/Sagas/Running/SagaTurn.cs",
            "=> context.GivenUp.FirstOrDefault(failure => failure.IsOf(saga, effect));",
            "=> null;"),

        Bug("no notice", "Nobody is told of a command that went to the dead letters.", "Messaging.Toolkit/Endpoints/FailureJudge.cs",
            "Messages = outgoing.CreateNotice(envelope, endpoint.Name, reason),",
            ""),

        Bug("timeout of something else", "A timeout that arrives ends whatever the saga waits for by then.", Handler,
            "new SagaInput.Due(due)",
            "new SagaInput.Due(due.AddHours(1))"),

        Bug("pivot given up", "A pivot that does not answer in its time counts as failed.", Engine,
            "case StepState.Running when !progress.IsPastPivot && !plan.Find(run.Step).IsPivot:",
            "case StepState.Running when !progress.IsPastPivot:"),

        Bug("pivot given up with the whole", "A pivot that is under way when the time of the whole is over counts as failed.", Engine,
            "if (running.Exists(run => plan.Find(run.Step).IsPivot))",
            "if (running.Count < 0)"),

        Bug("no pivot", "What fails behind the pivot has everything undone that was before it.", Engine,
            "progress = progress with { IsPastPivot = true, Deadline = null, Effects = [] };",
            ""),

        Bug("undone from the beginning", "Steps are undone in the order in which they were done.", Engine,
            """
            var last = progress.Effects[^1];
            progress = progress with { Effects = [.. progress.Effects.SkipLast(1)] };
            """,
            """
            var last = progress.Effects[0];
            progress = progress with { Effects = [.. progress.Effects.Skip(1)] };
            """),

        Bug("undone all at once", "A step is undone without waiting for those before to be.", Engine,
            "Note(SagaEvent.CompensationStarted, run.Step);",
            """
            Note(SagaEvent.CompensationStarted, run.Step);
            if (progress.Effects.Count > 0)
            {
                UndoNext();
            }
            """),

        Bug("late success left", "A step that succeeds after its time was over is not undone.", Engine,
            """
            Note(SagaEvent.StepEndedLate, name);
            KeepEffect(run);
            """,
            "Note(SagaEvent.StepEndedLate, name);"),

        Bug("revived", "A saga that has finished is compensating again when a late reply comes.", Engine,
            """
            if (progress.Status != SagaStatus.Running && !IsUndoing())
            {
            """,
            """
            if (progress.Status != SagaStatus.Running && !IsUndoing())
            {
                progress = progress with { Status = SagaStatus.Compensating };
            """),

        Bug("timeout taken and then sent", "A timeout is moved in one transaction, and sent in the next.", Store,
            "foreach (var command in sql.InsertMessages(context, transaction, [.. due.SelectMany(toMessages)]))",
            """
            await transaction.CommitAsync(cancellationToken);
            await using var second = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
            foreach (var command in sql.InsertMessages(context, second, [.. due.SelectMany(toMessages)]))
            {
                await using (command)
                {
                    await command.ExecuteNonQueryAsync(cancellationToken);
                }
            }

            await second.CommitAsync(cancellationToken);
            return due.Count;
            }, cancellationToken);

            private Task<int> UnusedAsync(Func<DueSaga, IReadOnlyList<OutgoingMessage>> toMessages, CancellationToken cancellationToken)
            => database.WriteAsync(async (context, sql) =>
            {
            await using var transaction = await context.Database.GetDbConnection().BeginTransactionAsync(cancellationToken);
            var due = new List<DueSaga>();
            foreach (var command in sql.InsertMessages(context, transaction, [.. due.SelectMany(toMessages)]))
            """),

        Bug("told too early", "Who waits for a saga is told that it has ended when it begins to compensate.", "Messaging.Toolkit.EntityFrameworkCore/Sql/SagaCatalogueSql.cs",
            "command.CommandText += $\" AND {saga.Status} IN ({Finished}, '{SagaStatus.Stuck}')\";",
            "command.CommandText += $\" AND {saga.Status} <> '{SagaStatus.Running}'\";"),
    ];

    private static PlantedBug Bug(string name, string description, string file, string old, string @new) => new(name, description, file, old, @new) { Application = "sagas" };
}

public sealed class SagaBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(SagaBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
