using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Numbered;

/// <summary>
/// What the application's own rows tell in the end. Each number was counted in the transaction that published it, so they also tell
/// of messages that no table of the toolkit has ever seen.
/// </summary>
internal static class NumberedInvariants
{
    public static Simulation AddTo(Simulation simulation) => simulation
        .Finally<NumberedDb>("no number is missing", async db => (await ReadAsync(db)).All(HasAll))
        .Finally<NumberedDb>("no number came twice", async db => (await ReadAsync(db)).All(line => line.Arrived.Distinct().Count() == line.Arrived.Count))
        .Finally<NumberedDb>("no number was never counted", async db => (await ReadAsync(db)).All(line => line.Arrived.All(line.Sent.Contains)))
        .Finally<NumberedDb>("no transaction took effect twice", async db => !await db.Receipts.GroupBy(receipt => receipt.Transaction).AnyAsync(ofOne => ofOne.Count() > 1))
        .Finally<NumberedDb>("nothing was given up but by its handler", async db => await db.Set<DeadLetterRow>().AllAsync(letter => letter.Reason.StartsWith("its handler failed")))
        .Finally<NumberedDb>("numbers came in order", async db => (await ReadAsync(db)).All(line => line.Dead > 0 || line.Arrived.SequenceEqual(line.Arrived.Order())));

    private static bool HasAll(NumberLine line) => line.Sent.Except(line.Arrived).Count() <= line.Dead;

    private static async Task<List<NumberLine>> ReadAsync(NumberedDb db)
    {
        var counters = await db.Counters.AsNoTracking().ToListAsync();
        var effects = await db.Effects.AsNoTracking().OrderBy(effect => effect.Id).ToListAsync();
        var letters = await db.Set<DeadLetterRow>().AsNoTracking().ToListAsync();
        return
        [
            .. counters.Select(counter => Line("first", counter.Name, Enumerable.Range(1, counter.Number))),
            .. counters.Select(counter => Line("second", counter.Name, Enumerable.Range(1, counter.Number))),
            .. counters.Select(counter => Line("echoes", counter.Name, Numbers("first", counter.Name))),
        ];

        NumberLine Line(string endpoint, string key, IEnumerable<int> sent)
            => new(sent.ToHashSet(), [.. Numbers(endpoint, key)], letters.Count(letter => letter.Endpoint == endpoint && letter.Key == key));

        IEnumerable<int> Numbers(string endpoint, string key)
            => effects.Where(effect => effect.Endpoint == endpoint && effect.Key == key).Select(effect => effect.Number);
    }

    /// <summary>The numbers of one key at one endpoint.</summary>
    /// <param name="Sent">Those that were to come.</param>
    /// <param name="Arrived">Those that did, in their order.</param>
    /// <param name="Dead">How many ended in the dead letters.</param>
    private sealed record NumberLine(IReadOnlySet<int> Sent, IReadOnlyCollection<int> Arrived, int Dead);
}
