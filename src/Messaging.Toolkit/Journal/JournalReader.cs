using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Stores;

namespace Messaging.Toolkit.Journal;

/// <summary>Reads what all stores of the application know. Two of them may share a table.</summary>
internal sealed class JournalReader(MessagingModel model, StoreCollection stores) : IJournal
{
    private const int MostFound = 100;

    private JournalOptions Options => model.Journal ?? throw new MessagingException("No journal is kept: add .Journal() to AddMessaging.");

    public async Task<Conversation> GetConversationAsync(Guid conversationId, CancellationToken cancellationToken = default)
    {
        var most = Options.MaxEntries;
        var all = new List<JournalEntry>();
        foreach (var store in stores.All)
        {
            all.AddRange(await (await OpenAsync(store, cancellationToken)).ReadAsync(conversationId, most + 1, cancellationToken));
        }

        var entries = Conversation.InOrder(all.Distinct());
        return new Conversation(conversationId, [.. entries.Take(most)], IsCut: entries.Count > most);
    }

    public async Task<IReadOnlyList<Guid>> FindConversationsAsync(string correlationId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(correlationId);
        _ = Options;
        var found = new List<Guid>();
        foreach (var store in stores.All)
        {
            found.AddRange(await (await OpenAsync(store, cancellationToken)).FindAsync(correlationId, MostFound, cancellationToken));
        }

        return [.. found.Distinct()];
    }

    private static async Task<IJournalStore> OpenAsync(IMessageStore store, CancellationToken cancellationToken)
        => await store.Journal.OpenAsync(cancellationToken)
            ? store.Journal
            : throw new MessagingException($"The database of {store.Name} has no table for the journal that this user may write, so none is kept there: add a migration, or grant INSERT and SELECT.");
}
