using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Testing;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Simulations.Failing;

/// <summary>What the application's own rows tell in the end: of what no table of the toolkit has seen, too.</summary>
internal static class FailingInvariants
{
    public static Simulation AddTo(Simulation simulation) => simulation
        .Always<FailingDb>("no number came twice", async db => (await ReadAsync(db)).All(line => line.Arrived.Distinct().Count() == line.Arrived.Count))
        .Always<FailingDb>("an endpoint that holds keys handles its numbers without a gap", async db => (await ReadAsync(db)).Where(line => line.Endpoint == "holds").All(line => line.Arrived.SequenceEqual(Enumerable.Range(1, line.Arrived.Count))))
        .Finally<FailingDb>("an endpoint that skips has each number or its dead letter", async db => (await ReadAsync(db)).Where(line => line.Endpoint == "skips").All(line => line.Arrived.Count + line.Dead == line.Sent))
        .Finally<FailingDb>("an endpoint that holds keys lacks numbers only behind a dead letter", async db => (await ReadAsync(db)).Where(line => line.Endpoint == "holds").All(line => line.Arrived.Count == line.Sent || line.Dead == 1))
        .Finally<FailingDb>("what was handled was told once", async db => (await ReadAsync(db)).All(line => line.Ended.Order().SequenceEqual(line.Arrived.Order())))
        .Finally<FailingDb>("nothing was given up but by its handler", async db => await db.Set<DeadLetterRow>().AllAsync(letter => letter.Origin == DeadLetterOrigin.Endpoint && letter.Reason.StartsWith("its handler failed")));

    private static async Task<List<Line>> ReadAsync(FailingDb db)
    {
        var counters = await db.Counters.AsNoTracking().ToListAsync();
        var effects = await db.Effects.AsNoTracking().OrderBy(effect => effect.Id).ToListAsync();
        var letters = await db.Set<DeadLetterRow>().AsNoTracking().ToListAsync();
        return
        [
            .. from counter in counters
               from endpoint in new[] { "skips", "holds" }
               select new Line(
                   endpoint, counter.Number, Numbers(endpoint, counter.Key), [.. Numbers($"{endpoint} ends", counter.Key), .. Dead(counter.Key, endpoint)],
                   letters.Count(letter => letter.Endpoint == endpoint && letter.Key == counter.Key)),
        ];

        List<int> Numbers(string endpoint, string key) => [.. effects.Where(effect => effect.Endpoint == endpoint && effect.Key == key).Select(effect => effect.Number)];

        // What tells of it may have died, too.
        IEnumerable<int> Dead(string key, string endpoint) => letters
            .Where(letter => letter.Endpoint == "ends" && letter.Key == key)
            .Select(letter => System.Text.Json.JsonSerializer.Deserialize<Done>(letter.Body, System.Text.Json.JsonSerializerOptions.Web)!)
            .Where(done => done.Endpoint == endpoint).Select(done => done.Number);
    }

    /// <summary>The numbers of one key at one endpoint.</summary>
    /// <param name="Endpoint">The endpoint.</param>
    /// <param name="Sent">How many were sent: from 1 on.</param>
    /// <param name="Arrived">Those that were handled, in their order.</param>
    /// <param name="Ended">Those of which the message of their handler was handled, or has died.</param>
    /// <param name="Dead">How many are in the dead letters.</param>
    private sealed record Line(string Endpoint, int Sent, List<int> Arrived, List<int> Ended, int Dead);
}
