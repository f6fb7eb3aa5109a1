using System.Globalization;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>
/// From when on what waits is a matter of health. Each has a threshold for degraded and one for the failure status; null for never. They are validated when the host starts.
/// </summary>
public sealed class MessagingHealthOptions
{
    /// <summary>How long the first message has been in the outbox. Default 1 min; from 1 s to 30 days.</summary>
    public TimeSpan? OutboxAgeDegraded { get; set; } = TimeSpan.FromMinutes(1);

    /// <inheritdoc cref="OutboxAgeDegraded"/>
    /// <remarks>Default 10 min; not less than <see cref="OutboxAgeDegraded"/>.</remarks>
    public TimeSpan? OutboxAgeUnhealthy { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How many dead letters there are. Default 1; from 1 to <see cref="ObservabilityOptions.CountUpTo"/>.</summary>
    public int? DeadLettersDegraded { get; set; } = 1;

    /// <inheritdoc cref="DeadLettersDegraded"/>
    /// <remarks>Default null: to stop processes, or to send them no requests, makes no dead letter go away.</remarks>
    public int? DeadLettersUnhealthy { get; set; }

    /// <summary>How many sagas and process managers are stuck. It is known in the process that keeps house, and there only. Default 1; from 1.</summary>
    public int? StuckSagasDegraded { get; set; } = 1;

    /// <inheritdoc cref="StuckSagasDegraded"/>
    /// <remarks>Default null.</remarks>
    public int? StuckSagasUnhealthy { get; set; }

    /// <param name="countUpTo">How far is counted.</param>
    internal IEnumerable<string> Validate(int countUpTo)
    {
        foreach (var (name, age) in new[] { (nameof(OutboxAgeDegraded), OutboxAgeDegraded), (nameof(OutboxAgeUnhealthy), OutboxAgeUnhealthy) })
        {
            if (age < TimeSpan.FromSeconds(1) || age > TimeSpan.FromDays(30))
            {
                yield return $"{name} of the health check is {age}: set it between 1 s and 30 days, or to null.";
            }
        }

        foreach (var (name, count, most) in new[]
        {
            (nameof(DeadLettersDegraded), DeadLettersDegraded, countUpTo), (nameof(DeadLettersUnhealthy), DeadLettersUnhealthy, countUpTo),
            (nameof(StuckSagasDegraded), StuckSagasDegraded, int.MaxValue), (nameof(StuckSagasUnhealthy), StuckSagasUnhealthy, int.MaxValue),
        })
        {
            if (count < 1 || count > most)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{name} of the health check is {count}: set it between 1 and {most}{(most == countUpTo ? " (Observability.CountUpTo)" : "")}, or to null.");
            }
        }

        if (OutboxAgeUnhealthy < OutboxAgeDegraded)
        {
            yield return $"OutboxAgeUnhealthy of the health check ({OutboxAgeUnhealthy}) must not be less than OutboxAgeDegraded ({OutboxAgeDegraded}).";
        }

        if (DeadLettersUnhealthy < DeadLettersDegraded || StuckSagasUnhealthy < StuckSagasDegraded)
        {
            yield return "A threshold of the health check for unhealthy is less than the one for degraded: raise DeadLettersUnhealthy or StuckSagasUnhealthy, or lower the other one.";
        }
    }
}
