using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Tests.Scheduling;

/// <summary>What is wrong with schedules fails at start-up, with everything that is.</summary>
public sealed class RecurringBuilderTests
{
    [Fact]
    public void Schedules_of_events_and_commands_are_fine()
        => Errors(m => m
            .Recurring("one", "0 3 * * *", () => new Event())
            .Recurring("two", "*/5 * * * * *", tick => new Command(), r => r.In(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).UseStore("Db"))
            .Scheduling(s => (s.PollInterval, s.Batch) = (TimeSpan.FromMilliseconds(10), 1))).Should().BeEmpty();

    [Fact]
    public void Cron_nonsense_is_refused_with_everything_that_is_wrong_with_it()
        => Errors(m => m.Recurring("report", "60 24 * * *", () => new Event())).Should().ContainSingle()
            .Which.Should().StartWith("The cron expression '60 24 * * *' of the recurring schedule 'report' cannot be used: minute '60': ").And.Contain("; hour '24': ");

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ä")]
    public void A_name_that_cannot_be_is_refused(string name)
        => Errors(m => m.Recurring(name, "0 3 * * *", () => new Event())).Should().ContainSingle().Which.Should().Contain("cannot have that name");

    [Fact]
    public void Two_of_one_name_are_refused()
        => Errors(m => m.Recurring("report", "0 3 * * *", () => new Event()).Recurring("REPORT", "0 4 * * *", () => new Event()))
            .Should().ContainSingle().Which.Should().Contain("2 recurring schedules named 'report'");

    [Fact]
    public void A_message_that_is_not_registered_is_refused()
        => Errors(m => m.Recurring("report", "0 3 * * *", () => new Unknown())).Should().ContainSingle().Which.Should().Contain("sends Unknown, which is not registered");

    [Fact]
    public void A_store_that_there_is_not_is_refused_and_one_of_several_must_be_said()
    {
        Errors(m => m.Recurring("report", "0 3 * * *", () => new Event(), r => r.UseStore("Other"))).Should().ContainSingle().Which.Should().Contain("uses the store 'Other', which is not registered");
        Errors(m =>
        {
            m.Stores.Add("Second");
            m.Recurring("report", "0 3 * * *", () => new Event()).Endpoint("second", e => e.UseStore("Second"));
        }).Should().Contain(error => error.Contains("'report' does not say which of the 2 stores keeps it"));
    }

    [Fact]
    public void Options_out_of_their_bounds_are_refused()
        => Errors(m => m.Scheduling(s => (s.PollInterval, s.Batch) = (TimeSpan.Zero, 0))).Should().HaveCount(2)
            .And.Contain(error => error.StartsWith("Scheduling.PollInterval is 00:00:00")).And.Contain(error => error.StartsWith("Scheduling.Batch is 0"));

    [Fact]
    public void The_id_of_a_ticks_message_follows_from_name_and_tick()
    {
        var tick = new DateTime(2030, 1, 1, 3, 0, 0, DateTimeKind.Utc);

        MessageIds.OfTick("a", tick).Should().Be(MessageIds.OfTick("a", DateTime.SpecifyKind(tick, DateTimeKind.Unspecified)));
        new[] { MessageIds.OfTick("a", tick), MessageIds.OfTick("b", tick), MessageIds.OfTick("a", tick.AddSeconds(1)) }.Should().OnlyHaveUniqueItems().And.OnlyContain(id => id.Version == 7);
    }

    private static IReadOnlyList<string> Errors(Action<MessagingBuilder> configure)
    {
        try
        {
            new ServiceCollection().AddMessaging(m =>
            {
                m.Stores.Add("Db");
                configure(m.Event<Event>(e => e.Named("event")).Command<Command>(c => c.Named("command").To("endpoint")).Endpoint("endpoint", e => e.Handle<Command, Handler>().UseStore("Db")));
            });
            return [];
        }
        catch (MessagingConfigurationException exception)
        {
            return exception.Errors;
        }
    }

    private sealed record Event;

    private sealed record Command;

    private sealed record Unknown;

    private sealed class Handler : IHandle<Command>
    {
        public Task HandleAsync(Command message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
