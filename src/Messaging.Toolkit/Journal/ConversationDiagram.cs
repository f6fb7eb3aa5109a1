using System.Text;

namespace Messaging.Toolkit.Journal;

/// <summary>Draws a conversation as a Mermaid sequence diagram: an arrow for each time that a message was handled, from who published it.</summary>
internal static class ConversationDiagram
{
    public static string Of(Conversation conversation)
    {
        var publishers = new Dictionary<Guid, string>();
        foreach (var entry in conversation.Entries.Where(entry => entry.Event == JournalEvent.Published))
        {
            publishers.TryAdd(entry.MessageId, PlaceOf(entry));
        }

        var ends = conversation.Entries.Where(entry => entry.Event != JournalEvent.Published).ToList();
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        var text = new StringBuilder();
        foreach (var entry in conversation.Entries)
        {
            if (entry.Event == JournalEvent.Published)
            {
                if (!ends.Exists(end => end.MessageId == entry.MessageId))
                {
                    text.Append($"    Note over {IdOf(PlaceOf(entry))}: {Label(entry.Type)} is not handled yet\n");
                }

                continue;
            }

            // Who has published it may have no journal: its source is known.
            var from = IdOf(publishers.GetValueOrDefault(entry.MessageId) ?? entry.Source);
            text.Append($"    {from}{ArrowOf(entry.Event)}{IdOf(PlaceOf(entry))}: {Label(entry.Type)}{RemarkOf(entry.Event)}\n");
        }

        return "sequenceDiagram\n" + string.Concat(ids.Select(participant => $"    participant {participant.Value} as {Label(participant.Key)}\n")) + text;

        string IdOf(string place) => ids.TryGetValue(place, out var known) ? known : ids[place] = $"p{ids.Count}";
    }

    private static string PlaceOf(JournalEntry entry) => entry.Endpoint ?? entry.Service;

    private static string ArrowOf(JournalEvent end) => end is JournalEvent.Handled or JournalEvent.Ignored ? "->>" : "-x";

    private static string RemarkOf(JournalEvent end) => end switch
    {
        JournalEvent.DeadLettered => " (dead letter)",
        JournalEvent.Expired => " (expired)",
        JournalEvent.Ignored => " (failed, ignored)",
        _ => "",
    };

    /// <summary>Names come from other programs, and a line's end or Mermaid's own characters would change the drawing.</summary>
    private static string Label(string text) => string.Concat(text.Select(character => char.IsLetterOrDigit(character) || " ._/-".Contains(character) ? character.ToString() : $"#{(int)character};"));
}
