namespace Messaging.Toolkit.Kafka.Tests.Cluster;

internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until something is so.</summary>
    public static Task IsAsync(Func<bool> condition) => IsAsync(() => Task.FromResult(condition()));

    /// <summary>Waits until something is so.</summary>
    public static async Task IsAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Line.Patience);
        while (!await condition())
        {
            await Task.Delay(Interval, limit.Token);
        }
    }
}
