using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Journal;

/// <summary>
/// Sees to it that a store writes the journal once there is a table for it. A journal that cannot be written must not keep messages from being published and
/// handled; so that is found out before, and not by the first unit of work that fails.
/// </summary>
internal sealed class JournalOpening(IMessageStore store, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private bool isOpen;
    private bool isReported;

    /// <summary>Tries once, for a short time. In vain if the database is down: then the next try finds it.</summary>
    public async Task TryAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await OpenAsync(either.Token).WaitAsync(either.Token); // Not every provider gives up when it is told to.
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.JournalUnknown(store.Name, exception);
        }
    }

    /// <summary>Tries now and then, until it has succeeded.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!isOpen)
        {
            await OpenAsync(cancellationToken);
        }

        await Task.Delay(isOpen ? Timeout.InfiniteTimeSpan : Pause, time, cancellationToken);
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        isOpen = await store.Journal.OpenAsync(cancellationToken);
        if (!isOpen && !isReported)
        {
            isReported = true;
            logger.JournalMissing(store.Name);
        }
    }
}
