namespace Samples.Hosting;

/// <summary>The application was started with something that it cannot do.</summary>
public sealed class SettingsException(string message) : Exception(message);
