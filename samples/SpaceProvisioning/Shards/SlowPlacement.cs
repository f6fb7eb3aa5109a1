using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Sagas;

namespace SpaceProvisioning.Shards;

/// <summary>
/// Replies when a shard that needs time is ready. Whoever asked waits for minutes or days if need be, and nothing is held open
/// meanwhile: the address of the reply is data, and the timeout survives a crash. Here readiness is a matter of time.
/// </summary>
public sealed class SlowPlacement : ProcessManager<SlowPlacement.Shelf>
{
    /// <summary>How long it takes.</summary>
    public static readonly TimeSpan Preparation = TimeSpan.FromSeconds(2);

    protected override void Define(IProcessBuilder<Shelf> process) => process
        .Named("shards.slow-placement")
        .Initially(s => s
            .When<AnswerLater>(m => m.SpaceId)
            .Then((shelf, message, _) => (shelf.Shard, shelf.To) = (message.Shard, message.To))
            .Schedule("ready", Preparation, _ => new Ready())
            .GoTo("preparing"))
        .During("preparing", s => s
            .WhenTimeout<Ready>()
            .Then((shelf, _, context) => context.Reply(new SpacePlaced(shelf.Shard!), shelf.To!))
            .Complete());

    /// <summary>What is to be answered, and to whom.</summary>
    public sealed class Shelf
    {
        public string? Shard { get; set; }

        public ReplyAddress? To { get; set; }
    }

    /// <summary>The shard is ready.</summary>
    public sealed record Ready;
}
