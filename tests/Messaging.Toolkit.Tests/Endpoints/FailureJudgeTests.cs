using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Inbox;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Parking;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Tests.Runtime;
using Messaging.Toolkit.Transports;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.Tests.Endpoints;

/// <summary>The ladder, rung by rung: every small one, tried out whole.</summary>
public sealed class FailureJudgeTests
{
    private static readonly TimeSpan[] Delays = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), TimeSpan.FromHours(1)];

    public static TheoryData<int, int, KeyPolicy, bool> Ladders
    {
        get
        {
            var data = new TheoryData<int, int, KeyPolicy, bool>();
            foreach (var (immediate, delays) in from immediate in Enumerable.Range(0, 4) from delays in Enumerable.Range(0, 4) select (immediate, delays))
            {
                foreach (var (policy, isKeyed) in from policy in Enum.GetValues<KeyPolicy>() from isKeyed in new[] { false, true } select (policy, isKeyed))
                {
                    data.Add(immediate, delays, policy, isKeyed);
                }
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Ladders))]
    public void A_message_that_always_fails_goes_up_the_whole_ladder_and_dies(int immediate, int delays, KeyPolicy policy, bool isKeyed)
    {
        var judge = Judge(f => f.RetryImmediately(immediate).ThenAfter(Delays[..delays]).ThenDeadLetter(policy));
        var work = NewWork(isKeyed ? "key" : null);
        var waits = new List<TimeSpan>();
        var attempts = 0;
        while (work.Ending is not Ending.Dies)
        {
            attempts++;
            if (judge.Judge(Attempt(work), new InvalidOperationException()) is { } verdict)
            {
                verdict.Should().Be(Verdict.Again(), "an immediate retry has no pause");
                waits.Should().BeEmpty("immediate retries come first");
                attempts.Should().BeLessThanOrEqualTo(immediate);
            }
            else if (work.Ending is Ending.Waits waiting)
            {
                waiting.Message.Should().BeEquivalentTo(new { Attempts = attempts, Delays = waits.Count + 1, work.Delivery.Envelope.Key });
                waits.Add(waiting.Delay);
                work = new Work(new ParkedDelivery(waiting.Message with { Id = 7 }, work.Delivery.Envelope), NoReceiver.Instance);
            }
        }

        attempts.Should().Be(1 + immediate + delays);
        waits.Should().HaveCount(delays);
        waits.Zip(Delays).All(delay => delay.First >= delay.Second && delay.First <= delay.Second * 1.2).Should().BeTrue("{0} are the delays", waits);
        var entry = ((Ending.Dies)work.Ending!).Entry;
        entry.Letter.Should().BeEquivalentTo(new { Attempts = attempts, ExceptionType = "System.InvalidOperationException", Reason = "its handler failed with InvalidOperationException" });
        entry.HoldsKey.Should().Be(isKeyed && policy == KeyPolicy.HoldKey, "without a key there is nothing to hold");
        entry.Parked?.Id.Should().Be(7);
        (entry.Parked is not null).Should().Be(delays > 0);
    }

    [Fact]
    public void Parked_behind_another_and_tried_for_the_first_time_it_has_the_whole_ladder()
    {
        var judge = Judge(f => f.RetryImmediately(1).ThenAfter(Delays[0]));
        var work = Attempt(new Work(new ParkedDelivery(Parked(attempts: 0, delays: 0), Envelope("key")), NoReceiver.Instance));

        judge.Judge(work, new InvalidOperationException()).Should().Be(Verdict.Again());
        judge.Judge(Attempt(work), new InvalidOperationException()).Should().BeNull();
        work.Ending.Should().BeOfType<Ending.Waits>().Which.Message.Should().BeEquivalentTo(new { Id = 7L, Attempts = 2, Delays = 1 });
    }

    [Fact]
    public void The_rule_for_the_most_derived_class_counts_wherever_it_stands()
    {
        var policy = Policy(f => f
            .On<SystemException>(l => l.RetryImmediately(1))
            .Ignore<ArgumentException>()
            .DeadLetterAtOnce<ArgumentNullException>()
            .On<ArgumentException>(l => l.RetryImmediately(9)));

        policy.RuleFor(new ArgumentNullException()).Action.Should().Be(FailureAction.DeadLetterAtOnce);
        policy.RuleFor(new ArgumentOutOfRangeException()).Action.Should().Be(FailureAction.Ignore, "of two for one class the first one counts");
        policy.RuleFor(new InvalidOperationException()).Ladder.ImmediateRetries.Should().Be(1);
        policy.RuleFor(new Exception()).Ladder.Should().Be(policy.Ladder);
    }

    [Fact]
    public void A_rule_whose_condition_does_not_hold_or_throws_is_none()
    {
        var policy = Policy(f => f
            .Ignore<ArgumentException>(when: exception => exception.ParamName == "a")
            .DeadLetterAtOnce<ArgumentException>(when: exception => exception.ParamName!.Length > 1)
            .On<SystemException>(l => l.RetryImmediately(5)));

        policy.RuleFor(new ArgumentException("", "a")).Action.Should().Be(FailureAction.Ignore);
        policy.RuleFor(new ArgumentException("", "bb")).Action.Should().Be(FailureAction.DeadLetterAtOnce);
        policy.RuleFor(new ArgumentException("", "c")).Ladder.ImmediateRetries.Should().Be(5, "the rules for the class do not fit, so that of its base does");
        policy.RuleFor(new ArgumentException()).Ladder.ImmediateRetries.Should().Be(5);
    }

    [Fact]
    public void What_a_retry_cannot_mend_dies_at_once_and_what_is_ignored_counts_as_handled()
    {
        var judge = Judge(f => f.RetryImmediately(3).ThenAfter(Delays).DeadLetterAtOnce<FormatException>().Ignore<KeyNotFoundException>());
        var (hopeless, ignored) = (Attempt(NewWork("key")), Attempt(NewWork("key")));

        judge.Judge(hopeless, new FormatException()).Should().BeNull();
        hopeless.Ending.Should().BeOfType<Ending.Dies>().Which.Entry.Letter.Attempts.Should().Be(1);
        judge.Judge(ignored, new KeyNotFoundException()).Should().Be(Verdict.Again());
        ignored.IgnoredFailure.Should().Be("KeyNotFoundException");
    }

    [Fact]
    public void Failures_of_the_store_are_waited_out_and_are_no_attempts()
    {
        var judge = Judge(f => f.RetryImmediately(1).ThenAfter(Delays[0]));
        var work = NewWork("key");
        for (var failure = 0; failure < 3; failure++)
        {
            judge.Judge(work, new TimeoutException())!.Value.Pause.Should().BePositive("its handlers were not called");
        }

        work.Attempts.Should().Be(0);
        judge.Judge(Attempt(work), new InvalidOperationException()).Should().Be(Verdict.Again());
        work.IsHandling = false;
        judge.Judge(work, new TimeoutException())!.Value.Pause.Should().BePositive();
        judge.Judge(Attempt(work), new InvalidOperationException()).Should().BeNull();

        work.Ending.Should().BeOfType<Ending.Waits>().Which.Message.Attempts.Should().Be(2, "so often its handlers have failed");
    }

    [Fact]
    public void An_exception_that_throws_when_it_is_printed_keeps_no_message_from_the_dead_letters()
    {
        var work = Attempt(NewWork("key"));

        Judge(f => f.RetryImmediately(0)).Judge(work, new UnprintableException()).Should().BeNull();

        work.Ending.Should().BeOfType<Ending.Dies>().Which.Entry.Letter.Failure.Should().Contain("its description threw System.InvalidOperationException");
    }

    [Fact]
    public void Delays_double_up_to_the_longest()
        => Policy(f => f.ThenBackOff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), 5)).Ladder.Delays.Select(delay => delay.TotalSeconds).Should().Equal(1, 2, 4, 5, 5);

    private static FailurePolicy Policy(Func<FailureBuilder, FailureBuilder> configure) => configure(new FailureBuilder()).Build();

    private static FailureJudge Judge(Func<FailureBuilder, FailureBuilder> configure)
    {
        var endpoint = new EndpointDefinition
        {
            Name = "shop",
            Handlers = System.Collections.Frozen.FrozenDictionary<string, IReadOnlyList<HandlerBinding>>.Empty,
            Concurrency = 1,
            MaxGroup = 1,
            Failures = Policy(configure),
        };
        var entropy = new SeededEntropy(1);
        var outgoing = new OutgoingMessages(null!, null!, null!, null!, null!, TimeProvider.System, NullLogger<OutgoingMessages>.Instance);
        return new FailureJudge(endpoint, new NoInbox(), outgoing, new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), entropy), entropy, new MessagingMetrics(), NullLogger.Instance);
    }

    private static Work NewWork(string? key) => new(new Delivery(Envelope(key)), NoReceiver.Instance);

    /// <summary>As if its handlers had been called.</summary>
    private static Work Attempt(Work work)
    {
        work.IsHandling = true;
        return work;
    }

    private static ParkedMessage Parked(int attempts, int delays)
        => new() { Id = 7, Endpoint = "shop", MessageId = Guid.Empty, Type = "t", Key = "key", Headers = "{}", Body = default, Attempts = attempts, Delays = delays };

    private static MessageEnvelope Envelope(string? key)
        => new() { Id = Guid.Empty, Type = "t", Source = "/s", Time = default, ContentType = "c", ConversationId = Guid.Empty, Key = key, Body = default };

    private sealed class UnprintableException : Exception
    {
        public override string ToString() => throw new InvalidOperationException();
    }

    private sealed class NoInbox : IInbox
    {
        public bool IsTransient(Exception exception) => false;

        public Task<IReadOnlyList<HandlingOutcome>> HandleAsync(string endpoint, IReadOnlyList<Delivery> messages, HandleInScope handle, CancellationToken cancellationToken)
            => throw new NotSupportedException();

        public Task<HandlingOutcome> HandleParkedAsync(ParkedMessage parked, MessageEnvelope envelope, HandleInScope handle, CancellationToken cancellationToken)
            => throw new NotSupportedException();

        public Task<int> PurgeAsync(TimeSpan age, int count, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class NoReceiver : IReceiver
    {
        public static readonly NoReceiver Instance = new();

        public ValueTask<IReadOnlyList<Delivery>> ReceiveAsync(int max, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask SettleAsync(IReadOnlyList<Delivery> deliveries, Settlement settlement, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
