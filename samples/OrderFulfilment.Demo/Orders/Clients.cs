using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace OrderFulfilment.Demo.Orders;

/// <summary>
/// Places orders over HTTP from several clients at once. One that gets no answer asks again, with the same id, until it
/// has one. Together they keep a bounded number of orders open, so that they are still ordering whenever the shop dies.
/// </summary>
internal sealed class Clients(Uri shop, IReadOnlyList<PlannedOrder> plan, int maxOpen, Func<int> ended) : IDisposable
{
    private const int Count = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PauseWithoutAnswer = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient http = new() { BaseAddress = shop, Timeout = TimeSpan.FromSeconds(10) };
    private readonly ConcurrentQueue<PlannedOrder> waiting = new(plan);
    private readonly ConcurrentDictionary<Guid, Placement> placements = new();
    private int begun;
    private int unanswered;
    private int known;

    /// <summary>How many orders were accepted.</summary>
    public int Placed => placements.Count;

    /// <summary>The orders that were accepted, and when.</summary>
    public IReadOnlyDictionary<Guid, Placement> Placements => placements;

    /// <summary>How many requests got no answer, or that of a server in trouble.</summary>
    public int Unanswered => Volatile.Read(ref unanswered);

    /// <summary>How many were answered by "I have that one".</summary>
    public int Known => Volatile.Read(ref known);

    public Task RunAsync(CancellationToken cancellationToken)
        => Task.WhenAll(Enumerable.Range(0, Count).Select(_ => Task.Run(() => RunOneAsync(cancellationToken), cancellationToken)));

    public void Dispose() => http.Dispose();

    private async Task RunOneAsync(CancellationToken cancellationToken)
    {
        while (!waiting.IsEmpty)
        {
            if (Interlocked.Increment(ref begun) - ended() > maxOpen)
            {
                Interlocked.Decrement(ref begun);
                await Task.Delay(Pause, cancellationToken);
            }
            else if (waiting.TryDequeue(out var order))
            {
                var asked = Stopwatch.GetTimestamp();
                await Task.WhenAll(Enumerable.Range(0, order.IsImpatient ? 2 : 1).Select(_ => PlaceAsync(order, cancellationToken)));
                placements[order.Id] = new Placement(order, asked, Stopwatch.GetTimestamp());
            }
        }
    }

    private async Task PlaceAsync(PlannedOrder order, CancellationToken cancellationToken)
    {
        while (await TryPlaceAsync(order, cancellationToken) is not { } status || (int)status >= 500)
        {
            Interlocked.Increment(ref unanswered);
            await Task.Delay(PauseWithoutAnswer, cancellationToken);
        }
    }

    /// <summary>The answer, or null if there was none.</summary>
    private async Task<HttpStatusCode?> TryPlaceAsync(PlannedOrder order, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.PostAsJsonAsync("/orders", order.Request, cancellationToken);
            switch (response.StatusCode)
            {
                case HttpStatusCode.OK:
                    Interlocked.Increment(ref known);
                    break;
                case < (HttpStatusCode)500 and not HttpStatusCode.Created:
                    throw new DemoException($"POST /orders of {order.Id} was answered by {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
            }

            return response.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
