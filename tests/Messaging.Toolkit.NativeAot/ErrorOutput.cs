using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.NativeAot;

/// <summary>The log, for whoever has to find out why the program did not do what it should.</summary>
sealed class ErrorOutput : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => Console.Error.WriteLine($"{logLevel} {formatter(state, exception)} {exception?.Message}");

    public void Dispose() { }
}
