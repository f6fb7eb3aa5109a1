using System.Globalization;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Messaging.Toolkit.RabbitMQ.Connections;

/// <summary>
/// The largest body that the broker takes. Nobody can ask for it: it closes the channel of whoever sends a larger one, and says
/// there what it is. Until then nothing is known.
/// </summary>
internal sealed partial class BrokerLimits
{
    private long largestBody = long.MaxValue;

    public long LargestBody => Volatile.Read(ref largestBody);

    /// <summary>Takes notice of why a channel was closed.</summary>
    public void Learn(ShutdownEventArgs reason)
    {
        if (reason.ReplyCode == Constants.PreconditionFailed && TooLarge.Match(reason.ReplyText) is { Success: true } match)
        {
            Volatile.Write(ref largestBody, long.Parse(match.Groups["limit"].ValueSpan, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex(@"message size \d+ (is|was)? ?larger than (configured )?max size (?<limit>\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex TooLarge { get; }
}
