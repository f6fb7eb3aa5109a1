namespace Messaging.Toolkit.Transports;

/// <summary>
/// Hands messages over and reports what became of them. <see cref="SendAsync"/> and <see cref="ReadResultsAsync"/> are
/// called concurrently with each other, each by one caller at a time.
/// </summary>
/// <remarks>
/// Order: messages with the same destination and key arrive in the order handed over. If one of them is returned, so are
/// those handed over after it, until one comes whose <see cref="TransportMessage.ResumesKey"/> is set: by then the returned
/// ones have been read again, or somebody else has sent them. If one of them is lost with the sender, none of those handed over
/// after it may arrive. Throwing from either method means that the
/// sender is broken and nothing more is known of what it has not reported; it is disposed and replaced.
/// </remarks>
public interface ISender : IAsyncDisposable
{
    /// <summary>Hands messages over, without waiting for their confirmation. The caller bounds how many are unreported.</summary>
    ValueTask SendAsync(IReadOnlyList<TransportMessage> messages, CancellationToken cancellationToken);

    /// <summary>Waits for the next results, of at least one message. A call that is cancelled loses nothing: the next one returns it.</summary>
    ValueTask<IReadOnlyList<SendResult>> ReadResultsAsync(CancellationToken cancellationToken);
}
