using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.RabbitMQ.Connections;

/// <summary>
/// What the broker tells only by closing the channel of whoever finds out: how large a body may be, and which exchange there is not.
/// Thread-safe.
/// </summary>
internal sealed partial class BrokerLimits(TimeProvider time)
{
    /// <summary>So often one that is missing costs all that share its channel a reconnection.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private const int MostRemembered = 1_000;

    private readonly ConcurrentDictionary<string, long> missing = new(StringComparer.Ordinal);
    private long largestBody = long.MaxValue;

    /// <summary>How many bytes it may have; until one was larger nothing is known.</summary>
    public long LargestBody => Volatile.Read(ref largestBody);

    /// <summary>Whether an exchange was not there a moment ago. Ask only for those that this application does not declare.</summary>
    public bool IsMissing(string exchange) => missing.TryGetValue(exchange, out var at) && time.GetElapsedTime(at) < Memory;

    /// <summary>Takes notice of why a channel was closed.</summary>
    public void Learn(ShutdownEventArgs reason)
    {
        if (reason.ReplyCode == Constants.PreconditionFailed && TooLarge.Match(reason.ReplyText) is { Success: true } size)
        {
            Volatile.Write(ref largestBody, long.Parse(size.Groups["limit"].ValueSpan, CultureInfo.InvariantCulture));
        }

        if (reason.ReplyCode == Constants.NotFound && NoExchange.Match(reason.ReplyText) is { Success: true } name)
        {
            ForgetOldest();
            missing[name.Groups["exchange"].Value] = time.GetTimestamp();
        }
    }

    /// <summary>Replies go to addresses that others have written: there may be any number of wrong ones.</summary>
    private void ForgetOldest()
    {
        foreach (var (exchange, at) in missing.Count < MostRemembered ? [] : missing.ToArray())
        {
            if (time.GetElapsedTime(at) >= Memory)
            {
                missing.TryRemove(exchange, out _);
            }
        }
    }

    [GeneratedRegex(@"message size \d+ (is|was)? ?larger than (configured )?max size (?<limit>\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex TooLarge { get; }

    [GeneratedRegex("no exchange '(?<exchange>[^']+)'")]
    private static partial Regex NoExchange { get; }
}
