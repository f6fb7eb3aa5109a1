using Messaging.Toolkit.Sagas;
using Microsoft.EntityFrameworkCore;

namespace Messaging.Toolkit.Kafka.Tests.Beside;

/// <summary>What was handled where.</summary>
public sealed class BookingsDb(DbContextOptions<BookingsDb> options) : DbContext(options)
{
    public DbSet<Entry> Entries => Set<Entry>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}

/// <summary>An endpoint has handled a number of a key.</summary>
public sealed class Entry
{
    public long Id { get; init; }

    public required string Endpoint { get; init; }

    public required string Key { get; init; }

    public required int Number { get; init; }
}

/// <summary>Over Kafka.</summary>
public sealed record Wanted(string Key, int Number);

/// <summary>Because of that, over RabbitMQ.</summary>
public sealed record Book(string Key, int Number);

/// <summary>Because of that, over Kafka again.</summary>
public sealed record Booked(string Key, int Number);

/// <summary>The same, for those who look on at another cluster.</summary>
public sealed record Audited(string Key, int Number);

/// <summary>Over RabbitMQ, asked by a saga whose endpoint is on Kafka.</summary>
public sealed record Check(string Key);

/// <summary>The answer.</summary>
public sealed record Checked(string Key);

/// <summary>Lets the first attempt at some messages fail, and notes the others.</summary>
public sealed class BookingHandlers(BookingsDb db) : IHandle<Wanted>, IHandle<Book>, IHandle<Booked>, IHandle<Audited>, IHandle<Check>
{
    private const int FailsOneIn = 20;

    public Task HandleAsync(Wanted message, MessageContext context, CancellationToken cancellationToken)
    {
        context.Send(new Book(message.Key, message.Number));
        return NoteAsync(message.Key, message.Number, context);
    }

    public Task HandleAsync(Book message, MessageContext context, CancellationToken cancellationToken)
    {
        context.Publish(new Booked(message.Key, message.Number));
        context.Publish(new Audited(message.Key, message.Number));
        return NoteAsync(message.Key, message.Number, context);
    }

    public Task HandleAsync(Booked message, MessageContext context, CancellationToken cancellationToken) => NoteAsync(message.Key, message.Number, context);

    public Task HandleAsync(Audited message, MessageContext context, CancellationToken cancellationToken) => NoteAsync(message.Key, message.Number, context);

    public Task HandleAsync(Check message, MessageContext context, CancellationToken cancellationToken)
    {
        context.Reply(new Checked(message.Key));
        return NoteAsync(message.Key, 1, context);
    }

    private Task NoteAsync(string key, int number, MessageContext context)
    {
        if (context.Attempt == 1 && number % FailsOneIn == 0)
        {
            throw new InvalidOperationException("as it happens");
        }

        db.Entries.Add(new Entry { Endpoint = context.Endpoint, Key = key, Number = number });
        return Task.CompletedTask;
    }
}

/// <summary>What the saga knows.</summary>
public sealed record Inquiry(string Key)
{
    public bool IsAnswered { get; set; }
}

/// <summary>Asks over the other transport.</summary>
public sealed class InquirySaga : Saga<Inquiry>
{
    protected override void Define(ISagaBuilder<Inquiry> saga) => saga
        .Named("inquiry")
        .Step("ask", s => s.Send(inquiry => new Check(inquiry.Key)).Succeeds<Checked>((inquiry, _) => inquiry.IsAnswered = true));
}
