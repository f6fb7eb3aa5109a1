using Messaging.Toolkit.Messages;
using Messaging.Toolkit.NativeAot;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// An event goes from the bus through outbox, relay and endpoint to its handler, which sends a command on. RabbitMQ is there to be compiled; nothing answers at its address.
var services = new ServiceCollection();
services.AddLogging(logging => logging.AddProvider(new ErrorOutput()));
services.AddSingleton<Outcome>();
services.AddSingleton<IMessageStore, MemoryStore>();
services.AddScoped<MemorySession>();
services.AddMessaging(messaging =>
{
    messaging.Stores.Add(MemoryStore.StoreName);
    messaging
        .SerializedBy(new JsonMessageSerializer(SmokeJson.Default))
        .UseRabbitMQ(rabbit => rabbit.Uri = new("amqp://127.0.0.1:1"))
        .Via("in-process")
        .Event<OrderPlaced>(e => e.Named("smoke.order-placed").KeyedBy(m => m.OrderId))
        .Command<ChargeCard>(c => c.Named("smoke.charge-card").To("billing").KeyedBy(m => m.OrderId))
        .Event<Shipped>(e => e.Named("smoke.shipped").Via("rabbitmq"))
        .Endpoint("shop", e => e.Handle<OrderPlaced, OrderPlacedHandler>())
        .Endpoint("billing", e => e.Handle<ChargeCard, ChargeCardHandler>())
        .Endpoint("shipping", e => e.Handle<Shipped, ShippedHandler>());
});

await using var provider = services.BuildServiceProvider();
var host = provider.GetServices<IHostedService>().Single();
await host.StartAsync(CancellationToken.None);
await using (var scope = provider.CreateAsyncScope())
{
    await scope.ServiceProvider.GetRequiredService<Messaging.Toolkit.IMessageBus>().PublishNowAsync(new OrderPlaced(Guid.CreateVersion7(), 12.5m));
}

var charged = await provider.GetRequiredService<Outcome>().Charged.Task.WaitAsync(TimeSpan.FromSeconds(15));
await host.StopAsync(CancellationToken.None);
Console.WriteLine($"charged {charged.Amount}");
