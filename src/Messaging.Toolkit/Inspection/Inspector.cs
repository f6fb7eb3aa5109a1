using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Stores;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Inspection;

/// <summary>Asks everybody who can say something: stores and transports about what is outside, the work in the background about itself.</summary>
internal sealed class Inspector(MessagingModel model, Reporter reporter, StoreCollection stores, TransportCollection transports, BackgroundWork work) : IMessagingInspector
{
    public MessagingReport Describe() => reporter.Describe();

    public async Task<Diagnosis> DiagnoseAsync(CancellationToken cancellationToken = default)
    {
        var findings = new List<Finding>();
        foreach (var store in stores.All)
        {
            findings.AddRange(await ExamineAsync($"store {store.Name}", store.ExamineAsync, cancellationToken));
        }

        foreach (var transport in transports.All)
        {
            findings.AddRange(await ExamineAsync($"transport {transport.Name}", transport.ExamineAsync, cancellationToken));
        }

        findings.AddRange(OfThisProcess());
        return new Diagnosis([.. findings.OrderByDescending(finding => finding.Severity)]);
    }

    private static async Task<IReadOnlyList<Finding>> ExamineAsync(string subject, Func<CancellationToken, Task<IReadOnlyList<Finding>>> examine, CancellationToken cancellationToken)
    {
        try
        {
            return await examine(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Only what the toolkit itself says is repeated: other texts may tell secrets.
            return [Finding.Error(subject, exception is MessagingException ? exception.Message : $"it could not be examined: {exception.GetType().Name}", "See whether it is reachable, and what it lets this application do.")];
        }
    }

    private IEnumerable<Finding> OfThisProcess()
    {
        if (!model.Outbox.RelayHere)
        {
            yield return Finding.Fine("this process", "it publishes only: Outbox.RelayHere is false, so other processes send and handle.");
        }
        else if (work.All.Count == 0)
        {
            yield return Finding.Error("this process", "nothing runs in the background.", "Start the host: messages are sent and handled by its background work.");
        }

        foreach (var state in work.All)
        {
            yield return state switch
            {
                { Trouble: null } => Finding.Fine(state.Name, "it works."),
                { IsDegraded: true, Trouble: { } trouble } => Finding.Warning(state.Name, trouble, "It goes on by itself when what it waits for is mended."),
                { Trouble: { } trouble } => Finding.Error(state.Name, trouble, "It goes on by itself when that is mended; the log has the whole error."),
            };
        }
    }
}
