using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning.Tests;

/// <summary>The sample as it is, on a new SQLite file and a free port.</summary>
public sealed class SpaceServer : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("space-provisioning-test-");
    private readonly WebApplication app;

    private SpaceServer(string wait) => app = Program.Build(
    [
        "--ConnectionStrings:Sqlite", $"Data Source={Path.Combine(folder.FullName, "test.db")}", "--wait", wait,
        "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "None",
    ]);

    public HttpClient Http { get; } = new();

    /// <param name="wait">How long it waits for a space, in seconds.</param>
    public static async Task<SpaceServer> StartAsync(string wait = "60")
    {
        var server = new SpaceServer(wait);
        await Tables.CreateAsync(server.app.Services);
        await server.app.StartAsync();
        server.Http.BaseAddress = new Uri(server.app.Urls.Single());
        return server;
    }

    public Task<HttpResponseMessage> PostAsync(string name, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/spaces") { Content = JsonContent.Create(new ProvisionSpaceRequest(name)) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return Http.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
    }
}
