using Messaging.Toolkit.Sagas;
using SpaceProvisioning;
using SpaceProvisioning.Demo;
using SpaceProvisioning.Demo.Proving;
using SpaceProvisioning.Demo.Running;
using SpaceProvisioning.Demo.Spaces;

return await DemoProgram.RunAsync(() => DemoOptions.Parse(args), DemoOptions.Usage, options => $"provisioning-{options.Database}", RunAsync);

static async Task<int> RunAsync(DemoOptions options, string folder, CancellationToken cancellationToken)
{
    var plan = SpacePlan.Make(options.Spaces, options.Seed);
    var database = DemoDatabase<ProvisioningDb>.New(options.Database, folder, choices => new ProvisioningDb(choices, TimeProvider.System));
    var broker = options.HasBroker ? await DemoBroker.NewAsync(options.Transport, SpaceProvisioningServices.Endpoints, Run.Messages) : null;
    Console.WriteLine($"{options.Spaces} spaces over HTTP, {options.Crashes} crashes, on {options.Database}{(broker is null ? "" : $" and {broker.Settings.Name}, a process for each service")}");

    using var run = new Run(options, plan, database, broker, folder);
    var isDone = true;
    try
    {
        await run.RunAsync(cancellationToken);
    }
    catch (DemoException exception) when (run.Answers.Count > 0)
    {
        // What the database says is worth knowing all the more.
        Console.WriteLine($"problem: {exception.Message}");
        isDone = false;
    }

    var evidence = await database.ReadAsync(Evidence.ReadAsync);
    var findings = new Proof(evidence, plan, run.Answers).Find();
    Finding.Show(findings);
    if (run.Crashes < options.Crashes)
    {
        Console.WriteLine($"problem: only {run.Crashes} of {options.Crashes} crashes hit the application at work");
    }

    var holds = isDone && findings.Count == 0 && run.Crashes == options.Crashes;
    if (holds)
    {
        await database.DropAsync();
        await (broker?.DropAsync() ?? Task.CompletedTask);
        Directory.Delete(folder, recursive: true);
    }
    else
    {
        Console.WriteLine($"What the application has logged is in {folder}");
    }

    Console.WriteLine(
        $"demo: spaces={evidence.Sagas.Count} completed={Ended(SagaStatus.Completed)} undone={Ended(SagaStatus.Compensated)} " +
        $"half-provisioned={Count(FindingKind.HalfDone)} doubled={Count(FindingKind.Duplicated)} crashes={run.Crashes}");
    return holds ? 0 : 1;

    int Ended(SagaStatus status) => evidence.Sagas.Count(saga => saga.Status == status);

    int Count(FindingKind kind) => findings.Count(finding => finding.Kind == kind);
}
