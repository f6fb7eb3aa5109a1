namespace Messaging.Toolkit.Inspection;

/// <summary>The configuration as it is in force.</summary>
/// <param name="Source">The application's CloudEvents source.</param>
/// <param name="Messages">What is published and sent, in the order of the names.</param>
/// <param name="Endpoints">What is handled here, in the order of the names.</param>
public sealed record MessagingReport(string Source, IReadOnlyList<MessageReport> Messages, IReadOnlyList<EndpointReport> Endpoints)
{
    /// <summary>Two tables, to be read by people.</summary>
    public override string ToString() => ReportText.Of(this);
}
