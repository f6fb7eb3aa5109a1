using Messaging.Toolkit.Endpoints;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Configuration;

/// <summary>
/// What an endpoint does when a handler throws. Its own ladder is for all exceptions that nothing else is said about; of what is said, the
/// most derived class counts, as with <c>catch</c>, and for one class what was said first.
/// </summary>
public sealed class FailureBuilder
{
    private readonly LadderBuilder ladder = new(RetryLadder.Default.ImmediateRetries);
    private readonly List<(Type Type, Func<Exception, bool>? When, FailureAction Action, LadderBuilder Ladder)> rules = [];
    private KeyPolicy whenDead = FailurePolicy.Default.WhenDead;
    private int maxParkedPerKey = FailurePolicy.Default.MaxParkedPerKey;

    internal FailureBuilder() { }

    /// <inheritdoc cref="LadderBuilder.RetryImmediately"/>
    public FailureBuilder RetryImmediately(int times)
    {
        ladder.RetryImmediately(times);
        return this;
    }

    /// <inheritdoc cref="LadderBuilder.ThenAfter"/>
    public FailureBuilder ThenAfter(params TimeSpan[] delays)
    {
        ladder.ThenAfter(delays);
        return this;
    }

    /// <inheritdoc cref="LadderBuilder.ThenBackOff"/>
    public FailureBuilder ThenBackOff(TimeSpan first, TimeSpan longest, int times)
    {
        ladder.ThenBackOff(first, longest, times);
        return this;
    }

    /// <summary>
    /// Then keeps the message, whole and with the failure, in the dead letters. It is what happens anyway: nothing is ever dropped. Here it
    /// is said what becomes of the later messages of its key.
    /// </summary>
    /// <param name="key">Default: they go on without it.</param>
    public FailureBuilder ThenDeadLetter(KeyPolicy key = KeyPolicy.SkipMessage)
    {
        whenDead = key;
        return this;
    }

    /// <summary>Another ladder for exceptions of a class and those derived from it.</summary>
    /// <typeparam name="TException">The class.</typeparam>
    /// <param name="configure">The ladder: without a word, none, and the message is given up after the first attempt.</param>
    /// <param name="when">Only those for which this is true. If it throws, it is not.</param>
    public FailureBuilder On<TException>(Action<LadderBuilder> configure, Func<TException, bool>? when = null) where TException : Exception
    {
        ArgumentNullException.ThrowIfNull(configure);
        var own = new LadderBuilder(immediateRetries: 0);
        configure(own);
        return Add(FailureAction.Retry, own, when);
    }

    /// <summary>A message that fails with such an exception counts as handled, without any effect: what its handlers did is rolled back.</summary>
    /// <remarks>Whoever waits for a reply to it is told. An activity of a saga that fails so has failed at once.</remarks>
    /// <typeparam name="TException">The class, and those derived from it.</typeparam>
    /// <param name="when">Only those for which this is true. If it throws, it is not.</param>
    public FailureBuilder Ignore<TException>(Func<TException, bool>? when = null) where TException : Exception
        => Add(FailureAction.Ignore, new LadderBuilder(0), when);

    /// <summary>A message that fails with such an exception is given up without a further attempt: for what a retry cannot mend.</summary>
    /// <typeparam name="TException">The class, and those derived from it.</typeparam>
    /// <param name="when">Only those for which this is true. If it throws, it is not.</param>
    public FailureBuilder DeadLetterAtOnce<TException>(Func<TException, bool>? when = null) where TException : Exception
        => Add(FailureAction.DeadLetterAtOnce, new LadderBuilder(0), when);

    /// <summary>
    /// How many messages of a key may be parked behind one that waits or holds its key. Further ones of that key stay with the transport, and
    /// count for what an endpoint receives ahead.
    /// </summary>
    /// <param name="messages">Default 10,000; from 1 to 1,000,000.</param>
    public FailureBuilder MaxParkedPerKey(int messages)
    {
        maxParkedPerKey = messages;
        return this;
    }

    internal FailurePolicy Build() => new(
        ladder.Build(), [.. rules.Select(rule => new FailureRule(rule.Type, rule.When, rule.Action, rule.Ladder.Build()))], whenDead, maxParkedPerKey);

    internal IEnumerable<string> Validate(string endpoint, TimeSpan retention)
    {
        var errors = ladder.Validate().Concat(rules.SelectMany(rule => rule.Ladder.Validate().Select(error => $"On<{rule.Type.Name}>: {error}"))).ToList();
        foreach (var error in errors)
        {
            yield return $"Endpoint {Names.Show(endpoint)} has {error}";
        }

        if (maxParkedPerKey is < 1 or > 1_000_000)
        {
            yield return $"Endpoint {Names.Show(endpoint)} has MaxParkedPerKey({maxParkedPerKey}): set it between 1 and 1000000.";
        }

        var longest = rules.Select(rule => rule.Ladder).Append(ladder).Max(each => each.Build().Length);
        if (errors.Count == 0 && longest >= retention)
        {
            yield return $"Endpoint {Names.Show(endpoint)} has a ladder that can take {longest}, and handled messages are remembered for {retention} (Inbox.Retention): " +
                "a copy that comes after that would be handled out of its turn. Shorten the ladder or lengthen the retention.";
        }
    }

    private FailureBuilder Add<TException>(FailureAction action, LadderBuilder own, Func<TException, bool>? when) where TException : Exception
    {
        rules.Add((typeof(TException), when is null ? null : exception => when((TException)exception), action, own));
        return this;
    }
}
