using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.Parking;

namespace Messaging.Toolkit.Endpoints;

/// <summary>What is to be written of a message before its delivery is done. Until it is written the message is kept.</summary>
internal abstract record Ending
{
    /// <summary>It is given up.</summary>
    public sealed record Dies(DeadLetterEntry Entry) : Ending;

    /// <summary>It waits for its next attempt, or behind an earlier one of its key.</summary>
    /// <param name="Message">The message; stored already if it has a number.</param>
    /// <param name="Delay">Until its next attempt, if none of its key is before it.</param>
    /// <param name="Taken">The message as it was when it was taken, if it was parked before.</param>
    public sealed record Waits(ParkedMessage Message, TimeSpan Delay, ParkedMessage? Taken) : Ending;
}
