namespace Messaging.Toolkit.Inspection;

/// <summary>Something that was looked at. No payload, header value, key or connection secret is part of it.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Subject">What was looked at: a store, a transport, an endpoint, and what of it.</param>
/// <param name="Observation">What was seen, in a sentence.</param>
/// <param name="Cure">What to do about it; null if nothing needs to be done.</param>
public sealed record Finding(FindingSeverity Severity, string Subject, string Observation, string? Cure = null)
{
    /// <summary>As it should be.</summary>
    public static Finding Fine(string subject, string observation) => new(FindingSeverity.Fine, subject, observation);

    /// <summary>Something to know about.</summary>
    public static Finding Warning(string subject, string observation, string cure) => new(FindingSeverity.Warning, subject, observation, cure);

    /// <summary>Something that does not work.</summary>
    public static Finding Error(string subject, string observation, string cure) => new(FindingSeverity.Error, subject, observation, cure);

    /// <summary>One line.</summary>
    public override string ToString() => $"{Severity,-7} {Subject}: {Observation}{(Cure is null ? "" : $" {Cure}")}";
}
