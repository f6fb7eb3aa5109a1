using System.Text.RegularExpressions;

namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>How the toolkit's tables are named in one DbContext.</summary>
public sealed partial class MessagingTableOptions
{
    /// <summary>The schema, or null for the context's default. Letters, digits and '_', at most 60 characters.</summary>
    public string? Schema { get; set; }

    /// <summary>What the names of the tables begin with. Default "messaging_". Letters, digits and '_', at most 40 characters.</summary>
    public string TablePrefix { get; set; } = "messaging_";

    internal void Validate()
    {
        if (Schema is not null && !SchemaPattern.IsMatch(Schema))
        {
            throw new MessagingException("The messaging tables' Schema must be 1 to 60 letters, digits or '_', not starting with a digit.");
        }

        if (TablePrefix is null || !PrefixPattern.IsMatch(TablePrefix))
        {
            throw new MessagingException("The messaging tables' TablePrefix must be at most 40 letters, digits or '_', not starting with a digit.");
        }
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,59}\\z")]
    private static partial Regex SchemaPattern { get; }

    [GeneratedRegex("^([A-Za-z_][A-Za-z0-9_]{0,39})?\\z")]
    private static partial Regex PrefixPattern { get; }
}
