namespace Messaging.Toolkit.Testing.Tests.Planted.Bugs;

/// <summary>When a host stops.</summary>
internal static class StopBugs
{
    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        new("given back as done", "What waits when the host stops is settled as done.", "Messaging.Toolkit/Endpoints/EndpointRunner.cs",
            "await ofReceiver.Key.SettleAsync([.. ofReceiver.Select(item => item.Delivery)], Settlement.Abandon, CancellationToken.None);",
            "await ofReceiver.Key.SettleAsync([.. ofReceiver.Select(item => item.Delivery)], Settlement.Done, CancellationToken.None);"),

        new("abandoned is confirmed", "A message that its endpoint gives back is confirmed to the relay.", "Messaging.Toolkit/Transports/InProcess/InProcessSender.cs",
            "settlement == Settlement.Done ? SendStatus.Confirmed : SendStatus.Returned",
            "SendStatus.Confirmed"),

        new("leases kept", "A host that stops keeps its leases, and the others wait for them to expire.", "Messaging.Toolkit/Hosting/StoreRunner.cs",
            "await leases.ReleaseAllAsync(limit.Token);",
            "await Task.CompletedTask;"),

        new("no patience", "A host that stops rolls back what runs at once.", "Messaging.Toolkit/Hosting/MessagingHost.cs",
            "await Task.WhenAll(endpoints.Select(endpoint => endpoint.StopAsync(cancellationToken)));",
            "await Task.WhenAll(endpoints.Select(endpoint => endpoint.StopAsync(new CancellationToken(canceled: true))));"),
    ];
}

public sealed class StopBugTests(MutatedSimulation simulation) : PlantedBugTests(simulation)
{
    public static TheoryData<string> Names => NamesOf(StopBugs.All);

    [Theory]
    [MemberData(nameof(Names))]
    public Task Is_found(string name) => ExpectFoundAsync(name);
}
