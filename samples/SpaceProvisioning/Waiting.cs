using System.Globalization;
using Samples.Hosting;

namespace SpaceProvisioning;

/// <summary>How long a request waits for its space: <c>--wait</c>, in seconds.</summary>
public sealed record Waiting(TimeSpan Limit)
{
    private const double Default = 10;
    private const double Most = 60; // Proxies in between give up sooner or later.

    /// <exception cref="SettingsException">It is no such number.</exception>
    public static Waiting Read(IConfiguration configuration) => configuration["wait"] is not { } text ? new(TimeSpan.FromSeconds(Default))
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= Most ? new(TimeSpan.FromSeconds(seconds))
        : throw new SettingsException($"--wait {text}: choose a number of seconds from 0 to {Most}.");
}
