using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>
/// Sends instances of one store their timeouts when these fall due. Each process looks for those of the definitions that it runs, and sends them to where it runs these: the
/// endpoint may be another one than in the deployment before. Who comes first sends. Whether a timeout still counts is decided when it arrives: it may have been taken back meanwhile.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="endpoints">By the names of the definitions: the endpoints that run them.</param>
/// <param name="outgoing">Makes the messages.</param>
/// <param name="options">How often, and how many.</param>
/// <param name="time">The clock.</param>
internal sealed class SagaTimeouts(IMessageStore store, IReadOnlyDictionary<string, string> endpoints, OutgoingMessages outgoing, SagaOptions options, TimeProvider time)
{
    /// <summary>A timeout that has arrived is not sent again; this is for one that nobody could handle, and longer than one waits for somebody who can.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromHours(6);

    /// <summary>Does one round; waits unless there may be more.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (await store.Sagas.SendDueAsync([.. endpoints.Keys], options.TimeoutBatch, Again, Create, cancellationToken) < options.TimeoutBatch)
        {
            await Task.Delay(options.TimeoutInterval, time, cancellationToken);
        }
    }

    private IReadOnlyList<OutgoingMessage> Create(DueSaga due)
        => outgoing.CreateFor(
            endpoints[due.Definition],
            new SagaSignal(SagaSignalKind.Due, DueAt: due.DueAt),
            new SagaRequest(due.Definition, due.Id).ToAddressing(),
            configure: null,
            cause: null);
}
