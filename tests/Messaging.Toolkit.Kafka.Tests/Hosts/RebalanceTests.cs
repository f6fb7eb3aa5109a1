using System.Globalization;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

namespace Messaging.Toolkit.Kafka.Tests.Hosts;

/// <summary>Processes of one endpoint that come, go and are killed all the time.</summary>
public sealed class RebalanceTests : IDisposable
{
    private const int Keys = 24;
    private const int MostOpen = 500;
    private const int MostMembers = 4;

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BetweenNumbers = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// As long as one has the time for; a minute for both together. The cluster of this process can break in such a storm, by an assertion of its own (rdkafka_mock_cgrp.c:
    /// a member that joins again before it was answered), and takes the process with it. For longer give it a real one (MESSAGING_TEST_KAFKA).
    /// </summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("MESSAGING_TEST_SECONDS") ?? "30", CultureInfo.InvariantCulture));

    private readonly List<ChildProgram> members = [];
    private readonly List<Task> leaving = [];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Members_join_leave_and_are_killed_every_half_second_and_every_number_has_its_effect_once_and_in_order(bool offsetsInDatabase)
    {
        var application = await NumbersApplication.NewAsync() with { OffsetsInDatabase = offsetsInDatabase, Handles = false, Outbox = NumbersProcess.Configure, Slow = TimeSpan.FromMilliseconds(20) };
        await using var host = await NumbersHost.StartAsync(application);
        members.AddRange([NumbersProcess.Start(application), NumbersProcess.Start(application)]);

        var changing = ChangeAsync(application);
        while (!changing.IsCompleted)
        {
            if (await host.OpenAsync() < MostOpen)
            {
                await host.CountAsync(10 * Keys, Keys);
            }

            await Task.Delay(BetweenNumbers);
        }

        await changing;
        await host.ShouldBeCompleteAsync();
        await Task.WhenAll(members.Select(process => process.StopAsync()).Concat(leaving));
        await host.ShouldBeCompleteAsync(); // What came after the last number would have been too much.
    }

    public void Dispose() => members.ForEach(process => process.Dispose());

    private async Task ChangeAsync(NumbersApplication application)
    {
        var random = new Random(17);
        using var timer = new PeriodicTimer(Between);
        for (var passed = TimeSpan.Zero; passed < Long; passed += Between)
        {
            await timer.WaitForNextTickAsync();
            if (members.Count < MostMembers && random.Next(3) > 0)
            {
                members.Add(NumbersProcess.Start(application));
            }
            else if (members.Count > 1)
            {
                var victim = members[random.Next(members.Count - 1)];
                members.Remove(victim);
                if (random.Next(2) == 0)
                {
                    victim.Dispose(); // SIGKILL.
                }
                else
                {
                    leaving.Add(LeaveAsync(victim));
                }
            }
        }
    }

    private static async Task LeaveAsync(ChildProgram member)
    {
        await member.StopAsync();
        member.Dispose();
    }
}
