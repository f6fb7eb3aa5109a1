using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.RabbitMQ.Tests.Hosts;

/// <summary>What was handled.</summary>
public sealed class NumbersDb(DbContextOptions<NumbersDb> options) : DbContext(options)
{
    public DbSet<Effect> Effects => Set<Effect>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}

/// <summary>A number of a key was handled.</summary>
public sealed class Effect
{
    public long Id { get; init; }

    public required string Key { get; init; }

    public required int Number { get; init; }

    /// <summary>The id of the process that handled it.</summary>
    public int Process { get; init; } = Environment.ProcessId;
}

/// <summary>The next number of a key.</summary>
public sealed record Counted(string Key, int Number);

/// <summary>The same, as a message of another type.</summary>
public sealed record Count(string Key, int Number);

/// <summary>Fails now and then, and leaves an effect otherwise.</summary>
public sealed class CountHandler(NumbersDb db, Failures failures) : IHandle<Counted>, IHandle<Count>
{
    public Task HandleAsync(Counted message, MessageContext context, CancellationToken cancellationToken) => AddAsync(message.Key, message.Number, context);

    public Task HandleAsync(Count message, MessageContext context, CancellationToken cancellationToken) => AddAsync(message.Key, message.Number, context);

    private Task AddAsync(string key, int number, MessageContext context)
    {
        failures.Next(context);
        db.Effects.Add(new Effect { Key = key, Number = number });
        return Task.CompletedTask;
    }
}

/// <summary>Lets one in so many attempts fail: only first ones, or any.</summary>
public sealed class Failures(int oneIn, bool anyAttempt)
{
    public void Next(MessageContext context)
    {
        if (oneIn > 0 && (anyAttempt || context.Attempt == 1) && (uint)HashCode.Combine(context.MessageId, context.Attempt) % oneIn == 0)
        {
            throw new InvalidOperationException("as it happens");
        }
    }
}
