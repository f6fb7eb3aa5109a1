using System.Globalization;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Inspection;

/// <summary>Puts the configuration into words.</summary>
internal sealed class Reporter(MessagingModel model, Destinations destinations, StoreCollection stores)
{
    public MessagingReport Describe() => new(
        model.Source,
        [.. model.Registry.Types.Where(type => !type.IsInternal).OrderBy(type => type.Name, StringComparer.Ordinal).Select(Describe)],
        [.. model.Endpoints.OrderBy(endpoint => endpoint.Name, StringComparer.Ordinal).Select(Describe)]);

    private MessageReport Describe(MessageType type) => new()
    {
        Name = type.Name,
        Kind = type.Kind,
        ClrType = type.ClrType.Name,
        Transport = type.Via,
        Destinations = destinations.Of(type),
        Subscribers = model.SubscribersOf(type),
        IsKeyed = type.Key is not null,
        Lifetime = type.Lifetime,
    };

    private EndpointReport Describe(EndpointDefinition endpoint) => new()
    {
        Name = endpoint.Name,
        Store = stores.Get(endpoint.Store).Name,
        Transports = endpoint.ReceivesFrom,
        Handlers = endpoint.Handlers.Where(handled => !model.Registry.Find(handled.Key)!.IsInternal)
            .ToDictionary(handled => handled.Key, handled => (IReadOnlyList<string>)[.. handled.Value.Select(handler => handler.HandlerType.Name).Distinct()], StringComparer.Ordinal),
        Concurrency = endpoint.Concurrency,
        SharedCommits = endpoint.MaxGroup,
        Prefetch = endpoint.Prefetch,
        Failures = Describe(endpoint.Failures),
        Limits = [.. LimitsOf(endpoint)],
    };

    private static string Describe(FailurePolicy failures)
        => string.Join("; ", failures.Rules.Select(Describe).Append(Describe(failures.Ladder))) + (failures.WhenDead == KeyPolicy.HoldKey ? ", which holds its key" : "");

    private static string Describe(FailureRule rule) => $"{rule.ExceptionType.Name}{(rule.When is null ? "" : " under a condition")}: {rule.Action switch
    {
        FailureAction.Ignore => "ignored",
        FailureAction.DeadLetterAtOnce => "dead letter",
        _ => Describe(rule.Ladder),
    }}";

    private static string Describe(RetryLadder ladder)
        => $"{(ladder.ImmediateRetries > 0 ? $"{ladder.ImmediateRetries} retries, " : "")}{(ladder.Delays.Count > 0 ? $"after {string.Join(", ", ladder.Delays)}, " : "")}then dead letter";

    private static IEnumerable<string> LimitsOf(EndpointDefinition endpoint)
    {
        if (endpoint.CircuitBreaker is { } circuit)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"circuit breaker at {circuit.FailureRatio:P0} of at least {circuit.MinimumThroughput} in {circuit.Window}, for {circuit.BreakDuration}");
        }

        if (endpoint.Rate is { } rate)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"at most {rate.Permits} in {rate.Per}");
        }

        if (endpoint.RateLimiter is not null)
        {
            yield return "a rate limiter of the application's";
        }

        if (endpoint.IsUrgent is not null)
        {
            yield return "urgent messages first";
        }
    }
}
