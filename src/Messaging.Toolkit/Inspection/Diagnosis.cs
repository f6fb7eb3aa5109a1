namespace Messaging.Toolkit.Inspection;

/// <summary>What was found when everything was looked at.</summary>
/// <param name="Findings">The worst first.</param>
public sealed record Diagnosis(IReadOnlyList<Finding> Findings)
{
    /// <summary>The severity of the worst finding.</summary>
    public FindingSeverity Worst => Findings.Count == 0 ? FindingSeverity.Fine : Findings.Max(finding => finding.Severity);

    /// <summary>A line for each finding.</summary>
    public override string ToString() => string.Join(Environment.NewLine, Findings);
}
