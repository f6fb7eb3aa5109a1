using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Messaging.Toolkit.Diagnostics;

/// <summary>The names under which the toolkit is observed.</summary>
public static class MessagingDiagnostics
{
    /// <summary>The name of the <see cref="ActivitySource"/>: pass it to <c>AddSource</c>.</summary>
    public const string ActivitySourceName = "Messaging.Toolkit";

    /// <summary>The name of the <see cref="Meter"/>: pass it to <c>AddMeter</c>.</summary>
    public const string MeterName = "Messaging.Toolkit";

    /// <summary>The version that both are of: the toolkit's.</summary>
    internal static string? Version { get; } = typeof(MessagingDiagnostics).Assembly.GetName().Version?.ToString(3);
}
