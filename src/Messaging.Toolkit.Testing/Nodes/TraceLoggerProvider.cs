using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Testing.Nodes;

/// <summary>Warnings and errors of a node are part of the trace.</summary>
/// <param name="life">The node's.</param>
/// <param name="withStacks">Whether exceptions are whole. Stacks name files, and may differ where traces must not.</param>
internal sealed class TraceLoggerProvider(NodeLife life, bool withStacks = false) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new TraceLogger(life, withStacks);

    public void Dispose() { }

    private sealed class TraceLogger(NodeLife life, bool withStacks) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && life.IsAlive)
            {
                life.Note(logLevel == LogLevel.Warning ? "warns" : "logs error", detail: $"{formatter(state, null)} {Describe(exception)}");
            }
        }

        private string Describe(Exception? exception)
            => exception is null ? "" : withStacks ? Environment.NewLine + exception : $"{exception.GetType().Name} {exception.Message}";
    }
}
