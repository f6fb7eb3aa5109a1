using Messaging.Toolkit;
using MessagingService;
using Microsoft.EntityFrameworkCore;

var builder = WebApplication.CreateBuilder(args);
var settings = builder.Configuration;

#if (UsePostgres)
// Max Auto Prepare saves PostgreSQL from parsing and planning the same statements again: have it in your own connection string, too. Leave it out behind a pooler that does not know prepared statements.
builder.Services.AddDbContext<ServiceDb>(o => o.UseNpgsql(settings.GetConnectionString("Database") ?? "Host=localhost;Database=service;Username=postgres;Max Auto Prepare=100"));
#else
builder.Services.AddDbContext<ServiceDb>(o => o.UseSqlite(settings.GetConnectionString("Database") ?? "Data Source=service.db"));
#endif

builder.Services.AddMessaging(messaging => messaging
    .UseEntityFrameworkCore<ServiceDb>()
#if (UseRabbitMQ)
    .UseRabbitMQ(r => r.Uri = new(settings.GetConnectionString("RabbitMQ") ?? "amqp://guest:guest@localhost"))
#endif
#if (UseKafka)
    .UseKafka(k => k.BootstrapServers = settings.GetConnectionString("Kafka") ?? "localhost:9092")
#endif
    .Event<OrderPlaced>(e => e.Named("shop.order-placed").KeyedBy(m => m.OrderId))
    .Command<ChargeCard>(c => c.Named("billing.charge-card").To("billing").KeyedBy(m => m.OrderId))
    .Event<CardCharged>(e => e.Named("billing.card-charged").KeyedBy(m => m.OrderId))
    .Endpoint("shop", e => e
        .Handle<OrderPlaced, OrderPlacedHandler>()
        .Handle<CardCharged, CardChargedHandler>())
    .Endpoint("billing", e => e
        .Handle<ChargeCard, ChargeCardHandler>()
        .OnFailure(f => f.RetryImmediately(3).ThenAfter(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1)).ThenDeadLetter())));

builder.Services.AddHealthChecks().AddCheck<Messaging.Toolkit.Diagnostics.MessagingHealthCheck>("messaging");

var app = builder.Build();
app.MapHealthChecks("/health");
app.MapOrders();

using (var scope = app.Services.CreateScope())
{
    // Migrations are better once the data matters: the tables of messages are part of the model like yours.
    scope.ServiceProvider.GetRequiredService<ServiceDb>().Database.EnsureCreated();
}

app.Run();
