using Samples.Hosting;

namespace Samples.Demo;

/// <summary>A share of a broker for one run, seen past the application.</summary>
public abstract class DemoBroker
{
    public abstract Broker Settings { get; }

    /// <summary>Names a new one: the broker remembers more than the run lasts.</summary>
    /// <param name="transport">What it is chosen by.</param>
    /// <param name="endpoints">All of the application's.</param>
    /// <param name="messages">The names of all messages that they handle.</param>
    public static async Task<DemoBroker> NewAsync(string transport, IReadOnlyList<string> endpoints, IReadOnlyList<string> messages)
        => transport == "kafka" ? await DemoKafka.NewAsync(endpoints) : DemoRabbitMQ.New(endpoints, messages);

    /// <summary>Waits until work can be given to the application: before that it would be lost.</summary>
    public abstract Task UntilConsumedAsync(CancellationToken cancellationToken);

    public abstract Task DropAsync();

    protected static string NewPrefix() => $"demo-{Guid.NewGuid():N}.";
}
