using System.Text;

namespace Messaging.Toolkit.Inspection;

/// <summary>Writes reports as tables with columns as wide as what is in them.</summary>
internal static class ReportText
{
    public static string Of(MessagingReport report)
    {
        var text = new StringBuilder($"{report.Source} publishes and sends:\n");
        Append(text, ["message", "kind", "keyed", "transport", "to", "handled here by"],
            [.. report.Messages.Select(message => new[]
            {
                message.Name,
                $"{message.Kind.ToString().ToLowerInvariant()}{(message.Lifetime is { } lifetime ? $", for {lifetime}" : "")}",
                message.IsKeyed ? "yes" : "no",
                message.Transport,
                List(message.Destinations),
                List(message.Subscribers),
            })]);
        text.Append("and handles:\n");
        Append(text, ["endpoint", "message", "handler"],
            [.. report.Endpoints.SelectMany(endpoint => endpoint.Handlers.OrderBy(handled => handled.Key, StringComparer.Ordinal), (endpoint, handled) => new[] { endpoint.Name, handled.Key, List(handled.Value) })]);
        text.Append("with these settings:\n");
        Append(text, ["endpoint", "store", "from", "concurrency", "shared commits", "prefetch", "when a handler fails", "limits"],
            [.. report.Endpoints.Select(endpoint => new[]
            {
                endpoint.Name, endpoint.Store, List(endpoint.Transports), $"{endpoint.Concurrency}", $"{endpoint.SharedCommits}", $"{endpoint.Prefetch}", endpoint.Failures, List(endpoint.Limits),
            })]);
        return text.ToString();
    }

    private static string List(IReadOnlyList<string> values) => values.Count == 0 ? "-" : string.Join(", ", values);

    private static void Append(StringBuilder text, string[] header, IReadOnlyList<string[]> rows)
    {
        var all = rows.Prepend(header).ToList();
        var widths = header.Select((_, column) => all.Max(row => row[column].Length)).ToList();
        foreach (var row in all)
        {
            text.Append("  ").AppendJoin("  ", row.Select((cell, column) => column == row.Length - 1 ? cell : cell.PadRight(widths[column]))).Append('\n');
        }
    }
}
