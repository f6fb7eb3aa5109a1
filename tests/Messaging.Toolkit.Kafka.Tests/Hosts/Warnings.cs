using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Tests.Hosts;

/// <summary>The last things that an application has warned of, for tests that fail.</summary>
internal sealed class Warnings : ILoggerProvider, ILogger
{
    private const int Most = 10;

    private readonly ConcurrentQueue<string> last = new();

    public override string ToString() => string.Join(Environment.NewLine, last);

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            last.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {formatter(state, exception)} {exception}");
            if (last.Count > Most)
            {
                last.TryDequeue(out _);
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public void Dispose()
    {
    }
}
