using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Messaging.Toolkit.Inspection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using OrderFulfilment.Ordering;

namespace OrderFulfilment.Tests;

/// <summary>The sample as it is, on a new SQLite file and a free port; over a broker if one is given.</summary>
public sealed class Shop : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly OrderStatus[] Ends = [OrderStatus.Completed, OrderStatus.Rejected, OrderStatus.Cancelled];

    private readonly WebApplication app;
    private readonly string folder;

    private readonly RabbitMQTestBroker? broker;

    private Shop(WebApplication app, string folder, RabbitMQTestBroker? broker)
    {
        this.app = app;
        this.folder = folder;
        this.broker = broker;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Http { get; }

    public static async Task<Shop> OpenAsync(RabbitMQTestBroker? broker = null)
    {
        var folder = Directory.CreateTempSubdirectory("order-fulfilment-test-").FullName;
        var app = Program.Build(
        [
            "--database", "sqlite", "--ConnectionStrings:Sqlite", $"Data Source={Path.Combine(folder, "test.db")}",
            "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Warning", .. broker?.Arguments ?? [],
        ]);
        await Tables.CreateAsync(app.Services);
        await app.StartAsync();
        return new Shop(app, folder, broker);
    }

    public Task<HttpResponseMessage> OrderAsync(Guid id, string product, int quantity, string card = "tok")
        => Http.PostAsJsonAsync("/orders", new PlaceOrderRequest(id, "ann", product, quantity, card));

    /// <summary>Waits until an order and everything that follows from it has ended.</summary>
    public async Task<OrderView> EndAsync(Guid id, int messages)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var order = (await Http.GetFromJsonAsync<OrderView>($"/orders/{id}", Json, limit.Token))!;
            if (Ends.Contains(order.Status) && order.History.Count >= messages)
            {
                return order;
            }

            await Task.Delay(20, limit.Token);
        }
    }

    public async Task<T> ReadAsync<T>(Func<FulfilmentDb, Task<T>> read)
    {
        await using var scope = app.Services.CreateAsyncScope();
        return await read(scope.ServiceProvider.GetRequiredService<FulfilmentDb>());
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        if (broker is not null)
        {
            await broker.DeleteAsync(app.Services.GetRequiredService<IMessagingInspector>().Describe());
        }

        await app.DisposeAsync();
        SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }
}
