namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>Runs the work of a sample on as many workers as the endpoint has.</summary>
internal static class Workers
{
    public const int Count = 8;

    /// <summary>Runs the work for each number. Those of one key go to one worker, so that their order is that of their numbers.</summary>
    public static Task RunAsync(int numbers, Func<int, Task> work) => Task.WhenAll(Enumerable.Range(0, Count).Select(worker => Task.Run(async () =>
    {
        for (var number = worker; number < numbers; number += Count)
        {
            await work(number);
        }
    })));
}
