using System.Text.Json.Serialization;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Tests.Configuration;

/// <summary>What is wrong with a configuration fails at once, all of it together, each with the line that mends it.</summary>
public sealed partial class MessagingBuilderTests
{
    private static readonly string Endless = new('x', 10 * 1024);

    [Fact]
    public void A_good_configuration_has_no_errors() => Errors(_ => { }).Should().BeEmpty();

    [Fact]
    public void The_widest_and_the_narrowest_options_are_fine()
    {
        Errors(m => m
            .Limits(x => (x.MaxBodyBytes, x.MaxHeaderCount, x.MaxHeaderLength) = (1, 0, 0))
            .Outbox(x => (x.Window, x.MinPollInterval, x.MaxPollInterval, x.LeaseDuration, x.MaxBackoff) = (1, Milliseconds(1), Milliseconds(1), Milliseconds(1000), Milliseconds(100)))
            .Inbox(x => (x.Retention, x.CleanupInterval, x.CleanupBatch) = (TimeSpan.FromHours(1), Milliseconds(1000), 1))
            .Source("/")).Should().BeEmpty();
        Errors(m => m
            .Limits(x => (x.MaxBodyBytes, x.MaxHeaderCount, x.MaxHeaderLength) = (128 * 1024 * 1024, 1000, 1024 * 1024))
            .Outbox(x => (x.Window, x.MinPollInterval, x.MaxPollInterval, x.LeaseDuration, x.MaxBackoff) = (10_000, Minutes(1), Minutes(1), Minutes(10), Minutes(10)))
            .Inbox(x => (x.Retention, x.CleanupInterval, x.CleanupBatch) = (TimeSpan.FromDays(3650), TimeSpan.FromDays(1), 100_000))
            .Source("https://shop.example/a?b=c#d")).Should().BeEmpty();
    }

    [Fact]
    public void What_a_generated_context_does_not_know_is_refused_whether_it_is_a_message_or_kept_of_a_process()
    {
        Errors(m => m.SerializedBy(new JsonMessageSerializer(Generated.Default)).Event<Other>(e => e.Named("other")).Endpoint("others", e => e.Process<Watching>())).Should().BeEquivalentTo(
        [
            Unknown(nameof(Other)), Unknown(nameof(Watched)), Unknown(nameof(TooLate)),
        ]);

        static string Unknown(string type)
            => $"{type} cannot be written as JSON: add [JsonSerializable(typeof({type}))] to the JsonSerializerContext that SerializedBy(new JsonMessageSerializer(...)) is given.";
    }

    [Fact]
    public void A_message_whose_own_serializer_knows_it_needs_no_other()
        => Errors(m => m.SerializedBy(new JsonMessageSerializer(Generated.Default)).Event<Other>(e => e.Named("other").SerializedBy(new JsonMessageSerializer()))).Should().BeEmpty();

    [Fact]
    public void A_message_without_a_name_is_refused()
        => Error(m => m.Event<Other>(_ => { })).Should().Contain("Other has no name").And.Contain(".Named(\"...\")");

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a b")]
    [InlineData("a:b")]
    [InlineData("ä")]
    [InlineData("a\n")]
    [InlineData("'; DROP TABLE x; --")]
    [InlineData("../a\\b")]
    public void A_message_whose_name_not_every_broker_takes_is_refused(string name)
        => Error(m => m.Event<Other>(e => e.Named(name))).Should().Contain("of Other cannot be used");

    [Theory]
    [InlineData("messaging.answer")]
    [InlineData("Messaging.Other")]
    public void A_name_of_the_toolkits_own_is_refused(string name)
        => Error(m => m.Event<Other>(e => e.Named(name))).Should().Contain($"The name '{name}' of Other is reserved");

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("-00:00:01")]
    [InlineData("3651.00:00:00")]
    public void A_lifetime_that_is_none_is_refused(string lifetime)
        => Error(m => m.Event<Other>(e => e.Named("other").ExpiresAfter(TimeSpan.Parse(lifetime, System.Globalization.CultureInfo.InvariantCulture))))
            .Should().Be($"Other has ExpiresAfter({lifetime}): set it to more than zero and at most 3650 days, or leave it out for a message that does not expire.");

    public static TheoryData<Action<EndpointBuilder>, string> WrongLimits => new()
    {
        { e => e.RateLimit(0, TimeSpan.FromSeconds(1)), "has RateLimit(0, 00:00:01): set it between 1 and 1000000 messages, per 1 ms to 1 day" },
        { e => e.RateLimit(1_000_001, TimeSpan.FromSeconds(1)), "has RateLimit(1000001, 00:00:01)" },
        { e => e.RateLimit(1, TimeSpan.Zero), "has RateLimit(1, 00:00:00)" },
        { e => e.RateLimit(1, Timeout.InfiniteTimeSpan), "has RateLimit(1, -00:00:00.0010000)" },
        { e => e.RateLimit(1, TimeSpan.MaxValue), "per 1 ms to 1 day" },
        { e => e.Urgent<Other>(), "has Urgent<Other>() and does not handle Other" },
        { e => e.CircuitBreaker(b => b.FailureRatio(0)), "has FailureRatio(0): set it to more than 0 and at most 1" },
        { e => e.CircuitBreaker(b => b.FailureRatio(double.NaN)), "has FailureRatio(NaN)" },
        { e => e.CircuitBreaker(b => b.FailureRatio(1.5)), "more than 0 and at most 1" },
        { e => e.CircuitBreaker(b => b.Over(TimeSpan.Zero)), "has Over(00:00:00): set it between 1 s and 1 h" },
        { e => e.CircuitBreaker(b => b.Over(TimeSpan.FromHours(2))), "has Over(02:00:00)" },
        { e => e.CircuitBreaker(b => b.MinimumThroughput(1)), "has MinimumThroughput(1): set it between 2 and 100000" },
        { e => e.CircuitBreaker(b => b.BreakFor(TimeSpan.FromSeconds(-1))), "has BreakFor(-00:00:01): set it between 100 ms and 1 day" },
        { e => e.CircuitBreaker(b => b.BreakFor(TimeSpan.MaxValue)), "100 ms and 1 day" },
        { e => e.CircuitBreaker(b => b.CloseAfter(0)), "has CloseAfter(0): set it between 1 and 1000" },
    };

    [Theory, MemberData(nameof(WrongLimits))]
    public void Limits_that_are_none_are_refused(Action<EndpointBuilder> limit, string expected)
        => Error(m => m.Endpoint("limited", e => limit(e.Handle<Placed, OtherHandler>()))).Should().Contain("'limited'").And.Contain(expected);

    [Fact]
    public void The_widest_and_the_narrowest_limits_are_fine()
        => Errors(m => m
            .Endpoint("narrow", e => e.Handle<Placed, OtherHandler>().RateLimit(1, TimeSpan.FromDays(1)).Urgent<Placed>().CircuitBreaker(
                b => b.FailureRatio(double.Epsilon).Over(Milliseconds(1000)).MinimumThroughput(2).BreakFor(Milliseconds(100)).CloseAfter(1)))
            .Endpoint("wide", e => e.Handle<Placed, OtherHandler>().RateLimit(1_000_000, Milliseconds(1)).CircuitBreaker(
                b => b.FailureRatio(1).Over(TimeSpan.FromHours(1)).MinimumThroughput(100_000).BreakFor(TimeSpan.FromDays(1)).CloseAfter(1000)))).Should().BeEmpty();

    [Fact]
    public void A_name_without_end_is_refused_and_not_repeated()
    {
        Error(m => m.Event<Other>(e => e.Named(Endless))).Should().Contain("it has 10240 characters, the limit is 200").And.Match(text => text.Length < 300);
        Errors(m => m.Endpoint(Endless, _ => { })).Should().HaveCount(2).And.OnlyContain(error => error.Length < 300);
        Errors(m => m.Endpoint(Endless, e => e
                .Handle<Placed, OtherHandler>().Handle<Placed, OtherHandler>().Handle<Other, OtherHandler>().Handle<Charge, OtherHandler>()
                .Concurrency(0).ShareCommits(0).OnFailure(f => f.RetryImmediately(-1)).UseStore(Endless)))
            .Should().HaveCountGreaterThan(6).And.OnlyContain(error => error.Length < 300);
        Errors(m => m.Command<Other>(c => c.Named("other").To(Endless))).Should().OnlyContain(error => error.Length < 300);
        Errors(m => m.Source(Endless)).Should().OnlyContain(error => error.Length < 300);
    }

    [Fact]
    public void Names_of_200_characters_are_fine()
        => Errors(m => m.Event<Other>(e => e.Named(Endless[..200])).Endpoint(Endless[..200], e => e.Handle<Other, OtherHandler>())).Should().BeEmpty();

    [Theory]
    [InlineData("shop.placed")]
    [InlineData("SHOP.Placed")]
    public void Two_types_of_one_name_are_refused_even_if_only_their_case_differs(string name)
        => Error(m => m.Event<Other>(e => e.Named(name))).Should().Contain("is given to Placed and Other").And.Contain("more than their case");

    [Fact]
    public void A_type_that_is_registered_twice_is_refused()
    {
        Error(m => m.Event<Placed>(e => e.Named("shop.placed-again"))).Should().Contain("Placed is registered 2 times").And.Contain("once");
        Errors(m => m.Command<Placed>(c => c.Named("shop.placed").To("shop"))).Should().Contain(error => error.Contains("Placed is registered 2 times"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void A_command_without_a_destination_is_refused(string? destination)
        => Error(m => m.Command<Other>(c => c.Named("other").To(destination!))).Should().Contain("The command Other has no destination").And.Contain(".To(\"endpoint\")");

    [Fact]
    public void A_command_to_an_endpoint_that_does_not_exist_is_refused()
        => Error(m => m.Command<Other>(c => c.Named("other").To("Shop"))).Should().Contain("goes to 'Shop', and there is no such endpoint").And.Contain(".Endpoint(");

    [Fact]
    public void A_command_to_an_endpoint_that_does_not_handle_it_is_refused()
        => Error(m => m.Command<Other>(c => c.Named("other").To("shop"))).Should().Contain("goes to 'shop', which does not handle it").And.Contain(".Handle<Other, ...>()");

    [Fact]
    public void A_command_handled_where_it_does_not_go_is_refused()
        => Error(m => m.Endpoint("second", e => e.Handle<Charge, OtherHandler>())).Should().Contain("'second' handles the command Charge, which goes to 'shop'");

    [Fact]
    public void A_handler_for_a_message_that_is_not_registered_is_refused()
        => Error(m => m.Endpoint("second", e => e.Handle<Other, OtherHandler>())).Should().Contain("'second' handles Other, which is not registered").And.Contain(".Event<Other>(...)");

    [Fact]
    public void A_handler_that_is_added_twice_is_refused()
        => Error(m => m.Endpoint("second", e => e.Handle<Placed, OtherHandler>().Handle<Placed, OtherHandler>())).Should().Contain("has OtherHandler for Placed 2 times");

    [Theory]
    [InlineData("shop")]
    [InlineData("SHOP")]
    public void Two_endpoints_of_one_name_are_refused_even_if_only_their_case_differs(string name)
        => Error(m => m.Endpoint(name, e => e.Handle<Placed, OtherHandler>())).Should().Contain("2 endpoints named 'shop'").And.Contain("more than their case");

    [Fact]
    public void An_endpoint_that_handles_nothing_is_refused()
        => Error(m => m.Endpoint("second", _ => { })).Should().Contain("'second' handles nothing");

    [Theory]
    [InlineData("")]
    [InlineData("$transaction")]
    [InlineData("a b")]
    [InlineData(null)]
    public void An_endpoint_whose_name_not_every_broker_takes_is_refused(string? name)
        => Error(m => m.Endpoint(name!, e => e.Handle<Placed, OtherHandler>())).Should().Contain("endpoint name").And.Contain("cannot be used");

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1001)]
    [InlineData(int.MaxValue)]
    public void Concurrency_and_shared_commits_are_bounded(int value)
    {
        Error(m => m.Endpoint("second", e => e.Handle<Placed, OtherHandler>().Concurrency(value))).Should().Contain($"Concurrency({value})").And.Contain("between 1 and 1000");
        Error(m => m.Endpoint("second", e => e.Handle<Placed, OtherHandler>().ShareCommits(value))).Should().Contain($"ShareCommits({value})").And.Contain("between 1 and 1000");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public void Retries_are_bounded(int value)
        => Error(m => m.Endpoint("second", e => e.Handle<Placed, OtherHandler>().OnFailure(f => f.RetryImmediately(value))))
            .Should().Contain($"'second' has RetryImmediately({value})").And.Contain("between 0 and 100");

    public static TheoryData<string, Action<FailureBuilder>> WrongLadders => new()
    {
        { "ThenAfter(00:00:00): a delay is longer than zero", f => f.ThenAfter(TimeSpan.Zero) },
        { "ThenAfter(-00:00:01): a delay is longer than zero", f => f.ThenAfter(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(-1)) },
        { "ThenAfter(-00:00:00.0010000): a delay is longer than zero", f => f.ThenAfter(Timeout.InfiniteTimeSpan) },
        { "at most a year", f => f.ThenAfter(TimeSpan.MaxValue) },
        { "ThenBackOff(00:00:02, 00:00:01, 3)", f => f.ThenBackOff(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), 3) },
        { "there are 1 to 100", f => f.ThenBackOff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 0) },
        { "On<FormatException>: RetryImmediately(101)", f => f.On<FormatException>(l => l.RetryImmediately(101)) },
        { "MaxParkedPerKey(0): set it between 1 and 1000000", f => f.MaxParkedPerKey(0) },
        { "has a ladder that can take 9.14:24:00, and handled messages are remembered for 7.00:00:00 (Inbox.Retention)", f => f.ThenAfter(TimeSpan.FromDays(8)) },
        { "has a ladder that can take", f => f.On<FormatException>(l => l.ThenAfter(TimeSpan.FromDays(3), TimeSpan.FromDays(3))) },
    };

    [Theory, MemberData(nameof(WrongLadders))]
    public void A_ladder_that_cannot_work_is_refused(string expected, Action<FailureBuilder> wrong)
        => Error(m => m.Endpoint("second", e => e.Handle<Placed, OtherHandler>().OnFailure(wrong))).Should().Contain("'second' has").And.Contain(expected);

    public static TheoryData<string, Action<MessagingBuilder>> Ranges => new()
    {
        { "Limits.MaxBodyBytes is 0", m => m.Limits(x => x.MaxBodyBytes = 0) },
        { "Limits.MaxBodyBytes is -1", m => m.Limits(x => x.MaxBodyBytes = -1) },
        { "Limits.MaxBodyBytes is 2147483647", m => m.Limits(x => x.MaxBodyBytes = int.MaxValue) },
        { "Limits.MaxHeaderCount is -1", m => m.Limits(x => x.MaxHeaderCount = -1) },
        { "Limits.MaxHeaderCount is 1001", m => m.Limits(x => x.MaxHeaderCount = 1001) },
        { "Limits.MaxHeaderLength is -1", m => m.Limits(x => x.MaxHeaderLength = -1) },
        { "Limits.MaxHeaderLength is 1048577", m => m.Limits(x => x.MaxHeaderLength = 1024 * 1024 + 1) },
        { "Outbox.Window is 0", m => m.Outbox(x => x.Window = 0) },
        { "Outbox.Window is 100001", m => m.Outbox(x => x.Window = 100_001) },
        { "Outbox.MinPollInterval is 00:00:00", m => m.Outbox(x => x.MinPollInterval = TimeSpan.Zero) },
        { "Outbox.MinPollInterval is -", m => m.Outbox(x => x.MinPollInterval = Timeout.InfiniteTimeSpan) },
        { "Outbox.MaxPollInterval is 00:00:00.0100000", m => m.Outbox(x => x.MaxPollInterval = Milliseconds(10)) },
        { "Outbox.MaxPollInterval is 00:02:00", m => m.Outbox(x => (x.MaxPollInterval, x.LeaseDuration) = (Minutes(2), Minutes(5))) },
        { "Outbox.LeaseDuration is 00:00:00.9990000", m => m.Outbox(x => x.LeaseDuration = Milliseconds(999)) },
        { "Outbox.LeaseDuration is 00:11:00", m => m.Outbox(x => x.LeaseDuration = Minutes(11)) },
        { "Outbox.LeaseDuration (00:00:05) must be longer than Outbox.MaxPollInterval (00:00:05)", m => m.Outbox(x => (x.LeaseDuration, x.MaxPollInterval) = (Milliseconds(5000), Milliseconds(5000))) },
        { "Outbox.MaxBackoff is 00:00:00", m => m.Outbox(x => x.MaxBackoff = TimeSpan.Zero) },
        { "Outbox.MaxBackoff is 10675199", m => m.Outbox(x => x.MaxBackoff = TimeSpan.MaxValue) },
        { "Inbox.Retention is 00:59:00", m => m.Inbox(x => x.Retention = Minutes(59)) },
        { "Inbox.Retention is 10675199", m => m.Inbox(x => x.Retention = TimeSpan.MaxValue) },
        { "Inbox.CleanupInterval is 00:00:00", m => m.Inbox(x => x.CleanupInterval = TimeSpan.Zero) },
        { "Inbox.CleanupInterval is 2.00:00:00", m => m.Inbox(x => x.CleanupInterval = TimeSpan.FromDays(2)) },
        { "Inbox.CleanupBatch is 0", m => m.Inbox(x => x.CleanupBatch = 0) },
        { "Inbox.CleanupBatch is -5", m => m.Inbox(x => x.CleanupBatch = -5) },
        { "Source('') is no URI reference", m => m.Source("") },
        { "Source('a b') is no URI reference", m => m.Source("a b") },
        { "Source('') is no URI reference", m => m.Source(null!) },
    };

    [Theory, MemberData(nameof(Ranges))]
    public void An_option_out_of_its_range_is_refused(string error, Action<MessagingBuilder> configure) => Error(configure).Should().Contain(error);

    [Fact]
    public void Without_a_store_messages_have_nowhere_to_wait()
    {
        var act = () => new ServiceCollection().AddMessaging(_ => { });
        act.Should().Throw<MessagingConfigurationException>().WithMessage("*no store*.UseEntityFrameworkCore<YourDbContext>()*");
    }

    [Fact]
    public void Everything_that_is_wrong_is_reported_together()
    {
        var act = () => new ServiceCollection().AddMessaging(m => m.Event<Placed>(_ => { }).Outbox(x => x.Window = 0));

        var exception = act.Should().Throw<MessagingConfigurationException>().Which;
        exception.Errors.Should().HaveCount(3);
        exception.Message.Should().StartWith("The messaging configuration has 3 errors:").And.ContainAll(exception.Errors);
    }

    [Fact]
    public void AddMessaging_is_called_once()
    {
        var services = new ServiceCollection();
        services.AddMessaging(Good);

        services.Invoking(x => x.AddMessaging(Good)).Should().Throw<MessagingConfigurationException>().WithMessage("*AddMessaging was called twice*one call*");
    }

    [Fact]
    public void A_key_is_the_invariant_text_of_what_it_is_made_of()
    {
        Key(m => m.Text).Should().Be("text");
        Key(m => m.Number).Should().Be("-1.5");
        Key(m => m.Id).Should().Be("01890a5d-ac96-774b-bcce-b302099a8057");
        Key(m => m.Day).Should().Be(DayOfWeek.Monday.ToString());
        Key(m => (int?)null).Should().BeNull();
        Key(m => (string?)null).Should().BeNull();
        Key(m => new { m.Text }).Should().Be("{ Text = text }");

        static string? Key<TKey>(Func<Keyed, TKey> key)
        {
            var before = System.Globalization.CultureInfo.CurrentCulture;
            System.Globalization.CultureInfo.CurrentCulture = new("de-DE");
            try
            {
                var builder = new EventBuilder<Keyed>().Named("keyed").KeyedBy(key);
                return ((IMessageDefinition)builder).Build(new JsonMessageSerializer(), "in-process").Key!(new Keyed());
            }
            finally
            {
                System.Globalization.CultureInfo.CurrentCulture = before;
            }
        }
    }

    private static void Good(MessagingBuilder messaging)
    {
        messaging.Stores.Add("Db");
        messaging
            .Event<Placed>(e => e.Named("shop.placed"))
            .Command<Charge>(c => c.Named("shop.charge").To("shop"))
            .Endpoint("shop", e => e.Handle<Placed, OtherHandler>().Handle<Charge, OtherHandler>());
    }

    private static string Error(Action<MessagingBuilder> configure) => Errors(configure).Should().ContainSingle().Subject;

    private static IReadOnlyList<string> Errors(Action<MessagingBuilder> configure)
    {
        try
        {
            new ServiceCollection().AddMessaging(m =>
            {
                Good(m);
                configure(m);
            });
            return [];
        }
        catch (MessagingConfigurationException exception)
        {
            return exception.Errors;
        }
    }

    private static TimeSpan Milliseconds(int value) => TimeSpan.FromMilliseconds(value);

    private static TimeSpan Minutes(int value) => TimeSpan.FromMinutes(value);

    private sealed record Placed;

    private sealed record Charge;

    private sealed record Other;

    [JsonSerializable(typeof(Placed)), JsonSerializable(typeof(Charge))]
    private sealed partial class Generated : JsonSerializerContext;

    private sealed class Watched;

    private sealed record TooLate;

    private sealed class Watching : ProcessManager<Watched>
    {
        protected override void Define(IProcessBuilder<Watched> process) => process
            .Named("watching")
            .Initially(p => p.When<Other>(_ => "one").Schedule("too-late", TimeSpan.FromHours(1), _ => new TooLate()).GoTo("waiting"))
            .During("waiting", p => p.WhenTimeout<TooLate>().Complete());
    }

    private sealed record Keyed
    {
        public string Text => "text";

        public double Number => -1.5;

        public Guid Id => new("01890a5d-ac96-774b-bcce-b302099a8057");

        public DayOfWeek Day => DayOfWeek.Monday;
    }

    private sealed class OtherHandler : IHandle<Placed>, IHandle<Charge>, IHandle<Other>
    {
        public Task HandleAsync(Placed message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(Charge message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(Other message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
