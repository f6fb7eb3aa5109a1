using Messaging.Toolkit.Journal;
using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.NativeAot;

/// <summary>The messages of a scope, until its work is done.</summary>
sealed class MemorySession : IOutboxSession
{
    public List<OutgoingMessage> Messages { get; } = [];

    public MessageContext? Cause { get; set; }

    public bool CanWriteBeside => true;

    public void Add(IReadOnlyList<OutgoingMessage> messages) => Messages.AddRange(messages);

    public void Record(JournalEntry entry) => throw new NotSupportedException();

    public void Cancel(string scheduleId) => throw new NotSupportedException();

    public void LeaveBehind(Task running) => throw new NotSupportedException();
}
