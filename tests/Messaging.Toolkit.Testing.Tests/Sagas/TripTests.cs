using FluentAssertions;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Messaging.Toolkit.Testing.Tests.Sagas;

/// <summary>G10: a saga is finished step by step, or undone step by step, whatever its steps do.</summary>
public sealed class TripTests
{
    private static readonly string[] Forwards = ["flight", "garden", "hotel", "pay", "ticket", "insure"];

    [Fact]
    public void A_saga_whose_steps_succeed_does_all_of_them_once_and_completes()
    {
        using var harness = Trips.Start(new Script());

        var saga = Begin(harness);

        saga.Status.Should().Be(SagaStatus.Completed, harness.Log);
        Deeds(harness).Should().BeEquivalentTo(Forwards);
        harness.Published<TripPlanned>().Should().ContainSingle();
        harness.DeadLetters.Should().BeEmpty();
        saga.Reason.Should().BeNull();
        saga.Position.Should().BeEmpty();
    }

    private static SagaView Begin(MessagingHarness harness, TimeSpan? limit = null)
    {
        var id = harness.Run<IServiceProvider, Guid>(async scope =>
        {
            var sagas = (ISagas)scope.GetService(typeof(ISagas))!;
            var started = sagas.Start<TripSaga, Trip>(new Trip { Name = "rome" });
            await ((TripsDb)scope.GetService(typeof(TripsDb))!).SaveChangesAsync();
            return started;
        });
        harness.WaitUntilIdle(limit);
        return Find(harness, id)!;
    }

    private static SagaView? Find(MessagingHarness harness, Guid id) => harness.Run<ISagas, SagaView?>(sagas => sagas.FindAsync(id));

    private static List<string> Deeds(MessagingHarness harness) => harness.Run<TripsDb, List<string>>(db => db.Deeds.OrderBy(deed => deed.Id).Select(deed => deed.What).ToListAsync());
}
