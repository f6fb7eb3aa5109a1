using Messaging.Toolkit.Configuration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Testing.Tests.Limits;

/// <summary>
/// An application whose one endpoint, "desk", is limited as each test says. What its handler does with a request is the test's too.
/// </summary>
internal static class Desk
{
    public static MessagingHarness Start(
        Action<EndpointBuilder>? limits = null, Func<Request, MessageContext, TimeProvider, Task>? work = null, Action<EventBuilder<Request>>? request = null,
        Action<MessagingBuilder>? messaging = null, Action<IServiceCollection>? configure = null)
        => MessagingHarness.Start(services =>
        {
            services.AddDbContext<DeskDb>(options => options.UseSqlite("Data Source=nowhere/desk.db"));
            services.AddSingleton(new DeskWork(work ?? ((_, _, _) => Task.CompletedTask)));
            services.AddMessaging(builder =>
            {
                builder
                    .UseEntityFrameworkCore<DeskDb>()
                    .Event<Request>(e =>
                    {
                        e.Named("request").KeyedBy(m => m.Key);
                        request?.Invoke(e);
                    })
                    .Command<Inquiry>(c => c.Named("inquiry").To("desk").KeyedBy(m => m.Key))
                    .Event<Noted>(e => e.Named("noted"))
                    .Endpoint("desk", e =>
                    {
                        e.Handle<Request, DeskHandler>().Handle<Inquiry, DeskHandler>();
                        limits?.Invoke(e);
                    })
                    .Endpoint("archive", e => e.Handle<Noted, Archive>());
                messaging?.Invoke(builder);
            });
            configure?.Invoke(services);
        });

    /// <summary>Publishes requests in one transaction.</summary>
    public static void Publish(this MessagingHarness harness, string? key, IEnumerable<int> numbers, Action<PublishOptions>? configure = null)
        => harness.Run<DeskDb>(async db =>
        {
            foreach (var number in numbers)
            {
                db.Publish(new Request(key, number), configure);
            }

            await db.SaveChangesAsync();
        });

    /// <summary>What was done, in its order.</summary>
    public static IReadOnlyList<int> Done(this MessagingHarness harness)
        => harness.Run((DeskDb db) => db.Entries.OrderBy(entry => entry.Id).Select(entry => entry.Number).ToListAsync());
}

internal sealed record Request(string? Key, int Number);

internal sealed record Inquiry(string? Key);

internal sealed record Noted(int Number);

internal sealed record DeskWork(Func<Request, MessageContext, TimeProvider, Task> Do);

internal sealed class Entry
{
    public int Id { get; init; }

    public required int Number { get; init; }
}

internal sealed class DeskDb(DbContextOptions<DeskDb> options) : DbContext(options)
{
    public DbSet<Entry> Entries => Set<Entry>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddMessaging();
}

internal sealed class DeskHandler(DeskDb db, DeskWork work, TimeProvider time) : IHandle<Request>, IHandle<Inquiry>
{
    public async Task HandleAsync(Request message, MessageContext context, CancellationToken cancellationToken)
    {
        await work.Do(message, context, time);
        db.Entries.Add(new Entry { Number = message.Number });
    }

    public Task HandleAsync(Inquiry message, MessageContext context, CancellationToken cancellationToken)
    {
        context.Reply(new Noted(0));
        return Task.CompletedTask;
    }
}

internal sealed class Archive : IHandle<Noted>
{
    public Task HandleAsync(Noted message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
