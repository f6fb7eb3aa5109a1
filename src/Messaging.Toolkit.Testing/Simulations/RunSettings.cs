using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Simulations;

/// <summary>
/// What differs from seed to seed: some faults and not others, few nodes or more, narrow settings or wide ones. Runs that
/// have everything at once miss what is only seen when something is missing (Groce et al., "Swarm Testing", ISSTA 2012).
/// </summary>
internal sealed record RunSettings
{
    public required FaultRates Rates { get; init; }

    public required int Nodes { get; init; }

    /// <summary>Whether the database has never been used.</summary>
    public required bool IsNew { get; init; }

    public required bool UsesBroker { get; init; }

    public required bool RetriesOnFailure { get; init; }

    public required int Concurrency { get; init; }

    public required int MaxGroup { get; init; }

    public required int Window { get; init; }

    public static RunSettings For(SimulationDefinition definition, ulong seed)
    {
        var random = SeededRandom.For(seed, "settings");
        return new RunSettings
        {
            Nodes = definition.Varies ? random.Next(1, definition.Nodes) : definition.Nodes,
            IsNew = random.Chance(0.1),
            UsesBroker = definition.UsesBroker ?? random.Chance(0.5),
            RetriesOnFailure = definition.Varies && random.Chance(0.3),
            Concurrency = definition.Varies ? random.Pick([int.MaxValue, int.MaxValue, 1, 2, 4]) : int.MaxValue,
            MaxGroup = definition.Varies ? random.Pick([int.MaxValue, int.MaxValue, 1, 2, 4]) : int.MaxValue,
            Window = definition.Varies ? random.Pick([int.MaxValue, int.MaxValue, 1, 2, 10]) : int.MaxValue,
            Rates = definition.Varies ? Vary(definition.Rates, random) : definition.Rates,
        };
    }

    /// <summary>The configuration of the application, narrowed.</summary>
    public MessagingModel Apply(MessagingModel model, Func<EndpointDefinition, EndpointDefinition> change)
    {
        model.Outbox.Window = Math.Min(model.Outbox.Window, Window);
        var endpoints = model.Endpoints.Select(endpoint => change(endpoint with
        {
            Concurrency = Math.Min(endpoint.Concurrency, Concurrency),
            MaxGroup = Math.Min(endpoint.MaxGroup, MaxGroup),
        }));
        return model.With([.. endpoints]);
    }

    public override string ToString()
        => $"{Nodes} nodes, {(IsNew ? "new database, " : "")}{(UsesBroker ? "broker" : "in-process")}{(RetriesOnFailure ? ", retrying strategy" : "")}{Limit("concurrency", Concurrency)}{Limit("group", MaxGroup)}{Limit("window", Window)}" +
           $"; faults: {(Rates.Kinds.Any() ? string.Join(", ", Rates.Kinds) : "none")}";

    private static string Limit(string name, int limit) => limit == int.MaxValue ? "" : $", {name} {limit}";

    private static FaultRates Vary(FaultRates rates, SeededRandom random)
    {
        if (random.Chance(0.15))
        {
            return FaultRates.None;
        }

        var varied = rates;
        foreach (var kind in rates.Kinds)
        {
            varied = varied.With(kind, Math.Min(1, rates[kind] * random.Pick([0, 0, 0.3, 1, 3])));
        }

        return varied;
    }
}
