using MessagingSaga;
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
    .Command<ReserveGoods>(c => c.Named("stock.reserve").To("stock").KeyedBy(m => m.OrderId))
    .Command<ReleaseGoods>(c => c.Named("stock.release").To("stock").KeyedBy(m => m.OrderId))
    .Event<GoodsReserved>(e => e.Named("stock.reserved"))
    .Event<GoodsUnavailable>(e => e.Named("stock.unavailable"))
    .Event<CheckoutCompleted>(e => e.Named("shop.checkout-completed").KeyedBy(m => m.OrderId))
    .Endpoint("shop", e => e.Saga<CheckoutSaga>())
    .Endpoint("stock", e => e
        .Handle<ReserveGoods, GoodsHandlers>()
        .Handle<ReleaseGoods, GoodsHandlers>()
        .ShareCommits(1)) // Orders share stock levels: one row lock per transaction, so that no two wait for each other.
    .Endpoint("mail", e => e.Handle<CheckoutCompleted, TellCustomer>()));

var app = builder.Build();
app.MapCheckouts();

using (var scope = app.Services.CreateScope())
{
    // Migrations are better once the data matters: the tables of messages and sagas are part of the model like yours.
    scope.ServiceProvider.GetRequiredService<ServiceDb>().Database.EnsureCreated();
}

app.Run();
