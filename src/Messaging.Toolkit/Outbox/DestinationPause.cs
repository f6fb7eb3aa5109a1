using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Outbox;

/// <summary>
/// The pause of a destination that gives messages back: nothing is read for it meanwhile, so that sending it the same again and again takes neither the
/// relay's nor the database's time from the others. What is read after the pause is the try. Not thread-safe.
/// </summary>
/// <remarks>
/// The try is a whole page and not one message: the first in line may be the one that is always given back, while all others would go.
/// </remarks>
internal sealed class DestinationPause(Backoff backoff, TimeProvider time)
{
    private readonly long begun = time.GetTimestamp();
    private TimeSpan until;
    private int rounds;

    private TimeSpan Now => time.GetElapsedTime(begun);

    /// <summary>How long it still lasts; zero if it is over.</summary>
    public TimeSpan Left => until > Now ? until - Now : TimeSpan.Zero;

    /// <summary>Something was given back. What comes back during the pause was under way when it began, and does not make it longer.</summary>
    public void Begin()
    {
        if (Left == TimeSpan.Zero)
        {
            until = Now + backoff.After(++rounds);
        }
    }

    /// <summary>Something was confirmed: the next pause is a short one again.</summary>
    public void Forgive() => rounds = 0;

    /// <summary>There is a new connection to it: whatever it gave back before, it is tried at once.</summary>
    public void End()
    {
        until = TimeSpan.Zero;
        rounds = 0;
    }
}
