using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning.Demo.Spaces;

/// <summary>
/// Asks for spaces over HTTP, several clients at once. One that gets no answer asks again, with the same key, until it has one; one
/// that is told to look later does so until its space is there or refused.
/// </summary>
internal sealed class Clients(Uri application, IReadOnlyList<PlannedSpace> plan, int count) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient http = new() { BaseAddress = application, Timeout = TimeSpan.FromSeconds(15) };
    private readonly ConcurrentQueue<PlannedSpace> waiting = new(plan);
    private readonly ConcurrentDictionary<Guid, IReadOnlyList<Answer>> answers = new();
    private int unanswered;

    /// <summary>By the key of the space; two of those who asked twice.</summary>
    public IReadOnlyDictionary<Guid, IReadOnlyList<Answer>> Answers => answers;

    /// <summary>How many requests got no answer, or that of a server in trouble.</summary>
    public int Unanswered => Volatile.Read(ref unanswered);

    /// <summary>Ends when every space is there, or refused.</summary>
    public Task RunAsync(CancellationToken cancellationToken)
        => Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(() => RunOneAsync(cancellationToken), cancellationToken)));

    public void Dispose() => http.Dispose();

    private async Task RunOneAsync(CancellationToken cancellationToken)
    {
        while (waiting.TryDequeue(out var space))
        {
            answers[space.Key] = await Task.WhenAll(Enumerable.Range(0, space.IsImpatient ? 2 : 1).Select(_ => AskAsync(space, cancellationToken)));
        }
    }

    private async Task<Answer> AskAsync(PlannedSpace space, CancellationToken cancellationToken)
    {
        using var response = await UntilAsync(() => Post(space), HttpStatusCode.InternalServerError, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.Conflict => new Answer(response.StatusCode, response.StatusCode == HttpStatusCode.OK),
            HttpStatusCode.Accepted => new Answer(response.StatusCode, await LookAsync(response.Headers.Location!, cancellationToken)),
            _ => throw new DemoException($"POST /spaces of '{space.Name}' was answered by {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}"),
        };
    }

    /// <summary>Looks at a status until it is the last one.</summary>
    private async Task<bool> LookAsync(Uri address, CancellationToken cancellationToken)
    {
        while (true)
        {
            // 404 until the saga has begun.
            using var response = await UntilAsync(() => new HttpRequestMessage(HttpMethod.Get, address), HttpStatusCode.NotFound, cancellationToken);
            var view = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            if (view.GetProperty("status").GetString() is ("Completed" or "Compensated") and { } status)
            {
                return status == "Completed";
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static HttpRequestMessage Post(PlannedSpace space) => new(HttpMethod.Post, "/spaces")
    {
        Content = JsonContent.Create(new ProvisionSpaceRequest(space.Name)),
        Headers = { { "Idempotency-Key", space.Key.ToString() } },
    };

    /// <summary>Asks until there is an answer that is not the one to be asked again after, nor that of a server in trouble.</summary>
    private async Task<HttpResponseMessage> UntilAsync(Func<HttpRequestMessage> request, HttpStatusCode again, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var response = await http.SendAsync(request(), cancellationToken);
                if (response.StatusCode != again && (int)response.StatusCode < 500)
                {
                    return response;
                }

                response.Dispose();
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // It has died, or is slow.
                Interlocked.Increment(ref unanswered);
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }
}
