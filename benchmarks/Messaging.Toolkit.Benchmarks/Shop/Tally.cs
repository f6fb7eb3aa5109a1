using System.Diagnostics;

namespace Messaging.Toolkit.Benchmarks.Shop;

/// <summary>What the handlers of one run saw: when each message came, whether all did, and whether each key's came in order.</summary>
internal sealed class Tally(int expected)
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int[] lastOfCustomer = [.. Enumerable.Repeat(-1, OrderPlaced.Customers)];
    private readonly long[] startedAt = new long[expected];
    private int handled;
    private int disorders;

    /// <summary>Notes a message. Without a lock: that nobody else handles its key meanwhile is part of what is promised.</summary>
    public void Handle(OrderPlaced message)
    {
        startedAt[message.Number] = Stopwatch.GetTimestamp();
        if (message.Number <= lastOfCustomer[message.Customer])
        {
            Interlocked.Increment(ref disorders);
        }

        lastOfCustomer[message.Customer] = message.Number;
        if (Interlocked.Increment(ref handled) == expected)
        {
            all.TrySetResult();
        }
    }

    public long StartedAt(int number) => startedAt[number];

    public Task AllHandledAsync() => all.Task.WaitAsync(Patience);

    public void Verify()
    {
        Check.Equal(expected, handled, "calls of the handler");
        VerifyOrder();
    }

    /// <summary>Of those that were handled.</summary>
    public void VerifyOrder() => Check.Equal(0, disorders, "messages out of their key's order or handled again");
}
