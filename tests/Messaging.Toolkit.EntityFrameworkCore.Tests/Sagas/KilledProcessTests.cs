using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>G10: real processes that are killed in the middle of sagas.</summary>
public sealed class KilledProcessTests
{
    /// <summary>SQLite has one writer, so there the same takes five times as long.</summary>
    [Theory]
    [InlineData(DatabaseKind.PostgreSql, 200)]
    [InlineData(DatabaseKind.Sqlite, 40)]
    public async Task Sagas_whose_processes_are_killed_are_all_done_or_undone_and_each_effect_is_there_once(DatabaseKind kind, int count)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var observer = await ShopHost.StartAsync(database, m =>
        {
            Tours.Configure(m);
            m.Outbox(o => o.RelayHere = false);
        });
        var tours = await observer.SaveSagasAsync(sagas => Task.FromResult(
            Enumerable.Range(0, count).ToDictionary(number => number, number => sagas.Start<TourSaga, Tour>(new Tour { Number = number }))));

        var processes = new List<ChildProgram>();
        try
        {
            processes.AddRange(await Task.WhenAll(Tours.StartAsync(database), Tours.StartAsync(database)));
            foreach (var effects in new[] { count / 2, 2 * count })
            {
                await Verdict.EventuallyAsync(async () => await observer.QueryAsync(db => db.Effects.CountAsync()) >= effects, $"{effects} effects");
                processes[0].Kill();
                processes[0].Dispose();
                processes.RemoveAt(0);
                processes.Add(await Tours.StartAsync(database));
            }

            await Verdict.EventuallyAsync(
                async () => await observer.QueryAsync(db => db.Set<SagaRow>().CountAsync(row => row.Status == SagaStatus.Completed || row.Status == SagaStatus.Compensated)) == count,
                "all have ended", TimeSpan.FromMinutes(2));
            await observer.QuietAsync();
            await Task.WhenAll(processes.Select(process => process.StopAsync()));
        }
        finally
        {
            processes.ForEach(process => process.Dispose());
        }

        var effectsOf = (await observer.EffectsAsync()).ToLookup(effect => effect.Number, effect => effect.Handler);
        var rows = (await observer.RowsAsync()).ToDictionary(row => row.Id);
        var histories = (await observer.QueryAsync(db => db.Set<SagaHistoryRow>().OrderBy(entry => entry.Sequence).ToListAsync())).ToLookup(entry => entry.SagaId);
        foreach (var (number, id) in tours)
        {
            ShouldBeExact(number, rows[id], [.. histories[id]], [.. effectsOf[number]]);
        }

        (await observer.DeadLettersAsync()).Should().HaveCount(tours.Keys.Count(Tours.IsDeadLetter)).And.OnlyContain(letter => letter.Endpoint == "services" && letter.Type == "reserve");
    }

    private static void ShouldBeExact(int number, SagaRow tour, List<SagaHistoryRow> history, List<string> effects)
    {
        history.Select(entry => entry.Sequence).Should().Equal(Enumerable.Range(1, tour.HistoryLength));
        if (Tours.FailureOf(number) is not { } failed)
        {
            tour.Status.Should().Be(SagaStatus.Completed, $"tour {number} has nothing that fails: {tour.Reason}");
            effects.Should().BeEquivalentTo(Tours.IsTicketLate(number) ? [.. Tours.Forwards, "no ticket yet"] : Tours.Forwards);
            return;
        }

        tour.Status.Should().Be(SagaStatus.Compensated);
        tour.Reason.Should().StartWith(failed);

        // Of branches that run at once the saga's own order counts: what it heard of first is undone last.
        var done = history.Where(entry => entry.Event == SagaEvent.StepSucceeded).Select(entry => entry.Step!).ToList();
        effects.Where(effect => !effect.StartsWith("undo ")).Should().BeEquivalentTo(done, $"tour {number} has each effect once");
        effects.Where(effect => effect.StartsWith("undo ")).Should().Equal(done.AsEnumerable().Reverse().Select(step => "undo " + step));
        effects.Should().HaveCount(2 * done.Count).And.NotContain("pay");
    }
}
