using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Testing.Nodes;

/// <summary>Warnings and errors of a node are part of the trace.</summary>
internal sealed class TraceLoggerProvider(NodeLife life) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new TraceLogger(life);

    public void Dispose() { }

    private sealed class TraceLogger(NodeLife life) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && life.IsAlive)
            {
                life.Note(logLevel == LogLevel.Warning ? "warns" : "logs error", detail: $"{formatter(state, null)} {exception?.GetType().Name} {exception?.Message}");
            }
        }
    }
}
