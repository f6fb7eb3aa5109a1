using Messaging.Toolkit.Benchmarks;
using Messaging.Toolkit.Benchmarks.Databases;
using Messaging.Toolkit.Benchmarks.Measuring;
using Messaging.Toolkit.Benchmarks.Processes;
using Messaging.Toolkit.Benchmarks.Scenarios;

if (args is [ChildProcess.Verb, .. var task])
{
    return await ChildTasks.RunAsync(task);
}

// Progress goes to the standard error, so that the standard output is nothing but the results.
IReadOnlyList<IScenario> scenarios =
[
    new Publish(), new Drain(), new Consume(), new Latency(), new LatencyForeign(), new Pipeline(), new RunSagas(),
    new HeldHorizon(), new HeldHorizon(isLive: true), new Backlog(), new Claims(), new ScaleOut(), new Idle(), new StartUp(),
    new RelayToBroker(TransportNames.RabbitMQ), new ConsumeFromBroker(TransportNames.RabbitMQ), new Pipeline(TransportNames.RabbitMQ), new LatencyOverRabbitMQ(), new RunProcesses(TransportNames.RabbitMQ),
    new RelayToBroker(TransportNames.Kafka), new ConsumeFromBroker(TransportNames.Kafka), new ConsumeByPosition(),
];
if (Arguments.TryParse(args, scenarios) is not { } arguments)
{
    return 2;
}

if (arguments.AutoPrepare is { } statements)
{
    PostgresDatabase.AutoPrepare(statements);
}

foreach (var scenario in arguments.Scenarios)
{
    Console.WriteLine((await Rounds.RunAsync(scenario, arguments)).ToJson());
}

return 0;
