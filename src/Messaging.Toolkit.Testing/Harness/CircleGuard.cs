using Messaging.Toolkit.Testing.Checks;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Harness;

/// <summary>
/// Notices that time stands still and will for ever: because each message has another one sent, or because something goes
/// round without waiting. In a world where nothing takes time nobody else would.
/// </summary>
internal sealed class CircleGuard(World world, Ledger ledger)
{
    /// <summary>How long a chain of messages of which each has caused the next may be, at one moment.</summary>
    private const int LongestChain = 500;

    /// <summary>How much may happen at one moment and nothing be committed.</summary>
    private const long MostSteps = 100_000;

    private readonly Dictionary<Guid, int> chains = [];
    private TimeSpan moment = world.Now;
    private long stepsBefore = world.Steps;
    private int commits = ledger.Commits;
    private int sent = ledger.Sent.Count;

    /// <exception cref="InvalidOperationException">It goes round.</exception>
    public void Check()
    {
        if (world.Now != moment)
        {
            moment = world.Now;
            stepsBefore = world.Steps;
            chains.Clear();
        }

        if (ledger.Commits != commits)
        {
            commits = ledger.Commits;
            stepsBefore = world.Steps;
            CheckChains();
        }
        else if (world.Steps - stepsBefore > MostSteps)
        {
            throw new InvalidOperationException("The application goes round in a circle: it goes on and on without waiting for anything, and the clock cannot move.");
        }
    }

    private void CheckChains()
    {
        for (; sent < ledger.Sent.Count; sent++)
        {
            var envelope = ledger.Sent[sent];
            var length = chains[envelope.Id] = 1 + (envelope.CausationId is { } cause ? chains.GetValueOrDefault(cause) : 0);
            if (length > LongestChain)
            {
                throw new InvalidOperationException(
                    $"The application's messages go round in a circle: {length} of them have each been sent because of the one before, all at the same moment. The last one is a '{envelope.Type}'.");
            }
        }
    }
}
