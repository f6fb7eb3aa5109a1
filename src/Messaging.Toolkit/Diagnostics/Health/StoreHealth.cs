using System.Globalization;
using Messaging.Toolkit.Diagnostics.Measuring;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Diagnostics.Health;

/// <summary>
/// Compares what was measured of a store last with the thresholds. Nothing is asked of the database here; what is not known, or was true too long ago, is reported as such.
/// </summary>
internal sealed class StoreHealth(ObservedStore store, MessagingHealthOptions options, IDictionary<string, object> data)
{
    private readonly List<Finding> findings = [];

    public IReadOnlyList<Finding> Examine()
    {
        if (store.Latest is not { } latest)
        {
            data[$"measured of {store.Name}"] = "Not yet.";
            findings.Add(new($"{store.Name} was not measured yet.", IsDegraded: true));
        }
        else
        {
            Examine(latest);
        }

        if (store.Sagas is { } sagas)
        {
            var stuck = sagas.Value.Where(standing => standing.Status == SagaStatus.Stuck).Sum(standing => (long)standing.Count);
            data[$"stuck sagas of {store.Name}"] = Show(stuck);
            Compare<long>(stuck, options.StuckSagasDegraded, options.StuckSagasUnhealthy, $"{Show(stuck)} sagas of {store.Name} are stuck.");
        }

        return findings;
    }

    private void Examine(Measured<StoreFigures> latest)
    {
        var (figures, age) = (latest.Value, store.AgeOf(latest));
        data[$"measured of {store.Name}"] = $"{Show(age)} ago";
        data[$"rows in the outbox of {store.Name}"] = $"{Count(figures.OutboxPending)} messages";
        data[$"age of the outbox of {store.Name}"] = Show(figures.OutboxOldestAge);
        data[$"parked in {store.Name}"] = $"{Count(figures.Parked)} messages";
        data[$"dead letters of {store.Name}"] = Count(figures.DeadLetters);
        data[$"schedule of {store.Name} is late by"] = Show(figures.ScheduleLag);
        if (store.IsStale(latest))
        {
            // What was true then says nothing of now, neither good nor bad.
            findings.Add(new($"{store.Name} was last measured {Show(age)} ago: its database does not answer, see the log.", IsDegraded: true));
            return;
        }

        Compare(figures.OutboxOldestAge, options.OutboxAgeDegraded, options.OutboxAgeUnhealthy, $"A message has been in the outbox of {store.Name} for {Show(figures.OutboxOldestAge)}.");
        Compare<long>(figures.DeadLetters, options.DeadLettersDegraded, options.DeadLettersUnhealthy, $"{store.Name} has {Count(figures.DeadLetters)} dead letters.");
    }

    private void Compare<T>(T value, T? degraded, T? unhealthy, string text) where T : struct, IComparable<T>
    {
        if (unhealthy is { } worse && value.CompareTo(worse) >= 0)
        {
            findings.Add(new(text, IsDegraded: false));
        }
        else if (degraded is { } bad && value.CompareTo(bad) >= 0)
        {
            findings.Add(new(text, IsDegraded: true));
        }
    }

    private string Count(long count) => count < store.Options.CountUpTo ? Show(count) : Show(count) + " or more";

    private static string Show(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static string Show(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
}
