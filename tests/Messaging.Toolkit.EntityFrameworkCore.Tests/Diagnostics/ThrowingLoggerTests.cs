using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Diagnostics;

/// <summary>A logger whose disk is full must not become the failure of whoever publishes or handles.</summary>
public sealed class ThrowingLoggerTests
{
    [Theory, EachDatabase]
    public async Task A_logger_that_throws_hurts_no_message(DatabaseKind kind)
    {
        using var logger = new ThrowingLogger();
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shop = await ShopHost.StartAsync(database, services: services => services
            .AddDbContext<ShopDb>(database.Configure)
            .AddLogging(logging => logging.AddProvider(logger).AddFilter<ThrowingLogger>("", LogLevel.None).AddFilter<ThrowingLogger>("Messaging.Toolkit", LogLevel.Trace)));

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            bus.Publish(new OrderPlaced("a", 2));
            await db.SaveChangesAsync();
        });
        await shop.DrainedAsync(effects: 6);

        logger.Calls.Should().BePositive();
        (await shop.DeadLettersAsync()).Should().BeEmpty();
        (await shop.EffectsAsync()).Should().HaveCount(6);
    }

    private sealed class ThrowingLogger : ILoggerProvider, ILogger
    {
        private int calls;

        public int Calls => Volatile.Read(ref calls);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Interlocked.Increment(ref calls);
            throw new IOException("The disk is full.");
        }

        public void Dispose() { }
    }
}
