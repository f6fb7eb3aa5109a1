using System.Net;
using SpaceProvisioning.Demo.Spaces;

namespace SpaceProvisioning.Demo.Running;

/// <summary>
/// One run: clients ask for spaces, the application is killed in the middle of its sagas and started again, several times, until
/// all have ended; then it is stopped in peace. With a broker it is a process for each endpoint, which are killed in turn.
/// </summary>
internal sealed class Run : IDisposable
{
    private const int ClientCount = 16;

    /// <summary>Less than a slow space takes, so that its client is told to look later.</summary>
    private const string WaitSeconds = "1.5";

    private readonly DemoOptions options;
    private readonly DemoBroker? broker;
    private readonly DemoProcess[] processes;
    private readonly Clients clients;
    private readonly Random random;
    private readonly Watch<Standing> watch;

    public Run(DemoOptions options, IReadOnlyList<PlannedSpace> plan, DemoDatabase<ProvisioningDb> database, DemoBroker? broker, string folder)
    {
        this.options = options;
        this.broker = broker;
        random = new Random(options.Seed);
        var settings = database.Settings with { Broker = broker?.Settings };
        processes = broker is null
            ? [new DemoProcess("SpaceProvisioning", settings, "provisioning", folder) { MoreArguments = ["--wait", WaitSeconds] }]
            : [.. SpaceProvisioningServices.Endpoints.Select(endpoint => new DemoProcess("SpaceProvisioning", settings with { Endpoints = [endpoint] }, endpoint, folder) { MoreArguments = ["--wait", WaitSeconds] })];
        clients = new Clients(processes[0].Address, plan, ClientCount);
        watch = new Watch<Standing>(
            processes, Standing.Nothing, () => database.ReadAsync(Standing.ReadAsync), standing =>
            $"answered {clients.Answers.Count}/{options.Spaces}, completed {standing.Completed}, undone {standing.Undone}, open {standing.Open}, outbox {standing.Outbox}, crashes {Crashes}/{options.Crashes}");
    }

    /// <summary>The names of all events: each has an exchange.</summary>
    public static IReadOnlyList<string> Messages { get; } =
    [
        "shards.space-placed", "shards.no-room", "licences.licence-granted", "licences.no-licence-left", "routing.route-added", "routing.route-refused",
    ];

    public IReadOnlyDictionary<Guid, IReadOnlyList<Answer>> Answers => clients.Answers;

    /// <summary>Kills that left sagas half done.</summary>
    public int Crashes { get; private set; }

    /// <summary>The spaces between two crashes.</summary>
    private int Segment => options.Spaces / (options.Crashes + 1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await processes[0].StartAsync(cancellationToken); // It alone creates the tables.
        await Task.WhenAll(processes.Skip(1).Select(process => process.StartAsync(cancellationToken)));
        await (broker?.UntilConsumedAsync(cancellationToken) ?? Task.CompletedTask);

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = watch.RunAsync(ending.Token);
        var asking = clients.RunAsync(ending.Token);
        try
        {
            await CrashAsync(asking, ending.Token);
            await watch.UntilAsync(() => asking.IsCompleted && IsAtRest, asking, ending.Token);
            await asking;
        }
        finally
        {
            await ending.CancelAsync();
            await watching;
        }

        watch.Show();
        await Task.WhenAll(processes.Select(process => process.StopAsync()));
        var answers = clients.Answers.Values.SelectMany(answers => answers).CountBy(answer => answer.Status).ToDictionary();
        Console.WriteLine(
            $"done after {watch.Elapsed.TotalSeconds:F1} s: {watch.Standing.Steps} entries in the histories, answers 200: {answers.GetValueOrDefault(HttpStatusCode.OK)}, " +
            $"409: {answers.GetValueOrDefault(HttpStatusCode.Conflict)}, 202: {answers.GetValueOrDefault(HttpStatusCode.Accepted)}, none: {clients.Unanswered}");
    }

    public void Dispose()
    {
        foreach (var process in processes)
        {
            process.Dispose();
        }

        clients.Dispose();
    }

    private bool IsAtRest => watch.Standing is { Open: 0, Outbox: 0 };

    /// <summary>Kills the application, each of its processes in turn. A kill that turns out to have hit nothing does not count.</summary>
    private async Task CrashAsync(Task asking, CancellationToken cancellationToken)
    {
        while (Crashes < options.Crashes)
        {
            var answered = (Segment * (Crashes + 1)) + random.Next(-Segment / 8, (Segment / 8) + 1);
            var steps = watch.Standing.Steps + Segment;
            await watch.UntilAsync(() => asking.IsCompleted || (clients.Answers.Count >= answered && watch.Standing.Open > 0 && watch.Standing.Steps >= steps), asking, cancellationToken);
            if (asking.IsCompleted)
            {
                return;
            }

            var process = processes[Crashes % processes.Length];
            var id = process.Id;
            await process.KillAsync();
            var left = await watch.ReadAsync();
            if (left.Open > 0)
            {
                Crashes++;
                watch.Say($"crash {Crashes}: killed process {id} ({process.Name}) with {left.Open} sagas half-way and {left.Outbox} messages in the outbox");
            }

            await process.StartAsync(cancellationToken);
        }
    }
}
