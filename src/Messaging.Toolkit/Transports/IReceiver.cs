namespace Messaging.Toolkit.Transports;

/// <summary>
/// Receives messages for one endpoint. <see cref="ReceiveAsync"/> is called by one caller at a time, concurrently with
/// <see cref="SettleAsync"/>, which several callers may call at once.
/// </summary>
/// <remarks>
/// Messages with the same key are received in the order in which they were sent. A delivery that was never settled comes
/// again, after this receiver is disposed or another process takes over. Throwing means that the receiver is broken; it is
/// disposed and replaced, and settling its deliveries has no effect any more.
/// </remarks>
public interface IReceiver : IAsyncDisposable
{
    /// <summary>Waits for at least one delivery and returns at most <paramref name="max"/>, in order. A call that is cancelled loses nothing: the next one returns it.</summary>
    ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken);

    /// <summary>
    /// Is called once, before a graceful end: <see cref="ReceiveAsync"/> is not called any more, and what was received is still settled. What
    /// other processes can go on with may be left to them already. By default nothing happens.
    /// </summary>
    ValueTask CloseIntakeAsync() => ValueTask.CompletedTask;

    /// <summary>Ends deliveries of this receiver's.</summary>
    ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken);
}
