using Messaging.Toolkit.Testing.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Testing.Tests.Simulations;

/// <summary>What a workload has to work with.</summary>
public sealed class ClientTests
{
    [Fact]
    public void All_of_its_chance_is_repeated_with_the_seed()
    {
        var first = Draw(seed: 5);

        Draw(seed: 5).Should().Equal(first);
        Draw(seed: 6).Should().NotIntersectWith(first);
    }

    [Fact]
    public void It_finds_what_is_given()
        => Simulation.For<Kitchen>()
            .Given<KitchenDb>(db =>
            {
                db.Meals.Add(new Meal { Table = 7, Dish = "soup" });
                return db.SaveChangesAsync();
            })
            .Faults(FaultRates.None)
            .Workload(clients: 1, async client =>
            {
                (await client.CallAsync<KitchenDb>(db => db.Meals.SingleAsync())).HasSucceeded.Should().BeTrue();
                await client.DelayAsync(TimeSpan.FromSeconds(1));
            })
            .Finally<KitchenDb>("there is one meal", async db => await db.Meals.CountAsync() == 1)
            .Run(seeds: 5).Seeds.Should().Be(5);

    private static List<object> Draw(ulong seed)
    {
        var drawn = new List<object>();
        Simulation.For<Kitchen>().Faults(FaultRates.None).Workload(clients: 1, client =>
        {
            var bytes = new byte[16];
            client.Random.NextBytes(bytes);
            drawn.AddRange([
                client.NewGuid(), Convert.ToHexString(bytes), client.Random.NextInt64(), client.Random.NextInt64(long.MinValue, long.MaxValue),
                client.Random.NextDouble(), client.Random.NextSingle(), client.Random.Next(),
            ]);
            return client.DelayAsync(TimeSpan.FromSeconds(1));
        }).Run(seeds: 1, firstSeed: seed);
        return drawn;
    }
}
