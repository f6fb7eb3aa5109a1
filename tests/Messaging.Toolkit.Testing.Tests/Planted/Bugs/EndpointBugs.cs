namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>Between the transport and the attempt.</summary>
internal static class EndpointBugs
{
    private const string Runner = "Messaging.Toolkit/Endpoints/EndpointRunner.cs";
    private const string Waiting = "Messaging.Toolkit/Endpoints/WaitingWork.cs";
    private const string Queue = "Messaging.Toolkit/Endpoints/KeyedQueue.cs";
    private const string Processor = "Messaging.Toolkit/Endpoints/DeliveryProcessor.cs";
    private const string Judge = "Messaging.Toolkit/Endpoints/FailureJudge.cs";

    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("acknowledge before commit", "A delivery is settled before it is handled.", Runner,
            """
                var verdicts = await AttemptAsync(next);
                var ended = new EndedGroup(next, verdicts);
                await SettleAsync(ended);
            """,
            """
                await SettleAsync(new EndedGroup(next, [.. next.Select(_ => Verdict.Done)]));
                var verdicts = await AttemptAsync(next);
                var ended = new EndedGroup(next, verdicts);
            """),

        new("arrival unseen", "When messages arrive nobody tells the workers.", Runner,
            """
                    waiting.Add(new Work(delivery, receiver, intake));
                }

                StartWorkers();
            """,
            """
                    waiting.Add(new Work(delivery, receiver, intake));
                }
            """),

        new("keys ignored", "Messages are handled as they come, whatever their key.", Waiting,
            "new(static work => work.Lane, static work => work.RunsAlone,",
            "new(static _ => null, static work => work.RunsAlone,"),

        new("two of a key", "Messages of a key are given to a second worker while the first is busy with one of them.", Queue,
            """
                toLine(line, item);
                return;
            """,
            """
                if (line.IsEmpty && !paused.Contains(line))
                {
                    ready.Enqueue(line);
                }

                toLine(line, item);
                return;
            """),

        new("back of the line", "A message that failed goes to the back of its key's line.", Queue,
            "public void PutBack(T item) => (returned ??= new()).Push(item);",
            "public void PutBack(T item) => Add(item);"),

        new("group put back reversed", "Messages of a group that failed go back to their lines in the opposite order.", Queue,
            "for (var i = again.Count - 1; i >= 0; i--)",
            "for (var i = 0; i < again.Count; i++)"),

        new("pause never ends", "A key whose message waits for the store waits for ever.", Runner,
            "waiting.Resume(line);",
            ""),

        new("pause ends unseen", "When a key's pause is over nobody tells the workers.", Runner,
            """
                waiting.Resume(line);
                StartWorkers();
            """,
            "waiting.Resume(line);"),

        new("worker's place lost", "A worker that ends does not give its place back.", Runner,
            "if (--workers == 0)",
            "if (workers == 0)"),

        new("exception swallowed", "A handler's exception is swallowed, and what it has done until then is committed.", Processor,
            "await handlers[i].Invoke(scope, message, context, cancellationToken);",
            """
            try
            {
                await handlers[i].Invoke(scope, message, context, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
            }
            """),

        new("failed group is done", "When one message of a group fails, all of them count as handled.", Processor,
            """
                logger.GroupFailed(endpoint.Name, group.Count, exception);
                return TryAlone(group);
            """,
            """
                logger.GroupFailed(endpoint.Name, group.Count, exception);
                return null;
            """),

        new("no dead letter needed", "A message whose dead letter could not be written counts as done.", "Messaging.Toolkit/Endpoints/EndingWriter.cs",
            """
                logger.DeadLetterFailed(endpoint.Name, envelope.Id, envelope.Type, pause, exception);
                return Verdict.Again(pause);
            """,
            """
                logger.DeadLetterFailed(endpoint.Name, envelope.Id, envelope.Type, pause, exception);
                return Verdict.Done;
            """) { Faults = "HandlerFails:0.3,StatementFails:0.05,ConnectionLost:0.05" },

        new("given up early", "A message goes to the dead letters before its handler has had the attempts promised.", Judge,
            "if (failures <= rule.Ladder.ImmediateRetries && !isFinal && work.Delays == 0)",
            "if (failures < rule.Ladder.ImmediateRetries && !isFinal && work.Delays == 0)"),

        new("store's failure is the message's", "A failure of the database counts as one of the handler.", Judge,
            "if (IsStores(work, exception))",
            "if (IsStores(work, exception) && work.StoreFailures > FailurePolicy.StoreRetries)") { Faults = "StatementFails:0.1,ConnectionLost:0.1" },

        new("retried for ever", "A message whose handler always fails is tried for ever.", Judge,
            "if (failures <= rule.Ladder.ImmediateRetries && !isFinal && work.Delays == 0)",
            "if (failures > 0)"),
    ];
}

public sealed class EndpointBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(EndpointBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
