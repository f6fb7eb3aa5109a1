using System.Globalization;
using System.Text;

namespace Messaging.Toolkit.Testing.Traces;

/// <summary>Everything that happened, in its order. Two runs of one seed have the same.</summary>
internal sealed class Trace
{
    private readonly List<TraceEvent> events = [];

    public IReadOnlyList<TraceEvent> Events => events;

    public void Add(TimeSpan time, string who, string what, Guid? message = null, string? detail = null)
        => events.Add(new TraceEvent(time, who, what, message, detail));

    /// <summary>The life of one message: what happened to it, and what happened to the nodes meanwhile.</summary>
    public IEnumerable<TraceEvent> LifeOf(Guid message)
    {
        var first = events.FindIndex(step => step.Message == message);
        return first < 0 ? [] : events.Skip(first).Where(step => step.Message == message || step.IsFault);
    }

    public override string ToString() => string.Concat(events.Select(step => step + "\n"));
}

/// <summary>One thing that happened.</summary>
internal readonly record struct TraceEvent(TimeSpan Time, string Who, string What, Guid? Message, string? Detail)
{
    public const string FaultPrefix = "fault: ";

    public bool IsFault => What.StartsWith(FaultPrefix, StringComparison.Ordinal);

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Time.TotalSeconds,12:0.000000}  {Who,-10} {What}");
        if (Message is { } id)
        {
            text.Append(CultureInfo.InvariantCulture, $" {id:N}");
        }

        return Detail is null ? text.ToString() : text.Append("  ").Append(Detail).ToString();
    }
}
