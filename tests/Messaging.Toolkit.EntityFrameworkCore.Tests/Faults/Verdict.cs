using System.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>What must be true at the end, whatever went wrong before.</summary>
public static class Verdict
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Waits for a state that no signal of this process announces: another process, the database's own view, or an effect
    /// after an unknown number of attempts.
    /// </summary>
    public static async Task EventuallyAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null)
    {
        var limit = patience ?? Patience;
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            if (waited.Elapsed > limit)
            {
                throw new TimeoutException($"Not within {limit}: {what}.");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Waits until that many effects are there and nothing waits in the outbox.</summary>
    public static Task DrainedAsync(this ShopHost shop, int effects, TimeSpan? patience = null) => EventuallyAsync(
        async () => (await shop.EffectsAsync()).Count >= effects && (await shop.OutboxAsync()).Count == 0,
        $"{effects} effects and an empty outbox", patience);

    /// <summary>Waits until that many effects of a key are there.</summary>
    public static Task DrainedOfAsync(this ShopHost shop, string key, int effects) => EventuallyAsync(
        async () => (await shop.EffectsAsync()).Count(effect => effect.Key == key) >= effects, $"{effects} effects of {key}");

    /// <summary>Every number from 1 to the count took effect once, in order, for each key; and nothing else.</summary>
    public static async Task ShouldHaveHandledInOrderAsync(this ShopHost shop, IReadOnlyDictionary<string, int> counts, string endpoint = "shop")
    {
        var effects = (await shop.EffectsAsync()).Where(effect => effect.Handler == endpoint).ToLookup(effect => effect.Key!, effect => effect.Number);
        foreach (var (key, count) in counts)
        {
            effects[key].Should().Equal(Enumerable.Range(1, count), $"of {key} each message takes effect once and in the order of the commits");
        }

        effects.Select(group => group.Key).Should().BeSubsetOf(counts.Keys, "nothing that was not committed is handled");
        (await shop.OutboxAsync()).Should().BeEmpty();
        (await shop.DeadLettersAsync()).Should().BeEmpty();
    }
}
