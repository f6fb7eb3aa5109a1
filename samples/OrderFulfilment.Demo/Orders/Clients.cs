using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace OrderFulfilment.Demo.Orders;

/// <summary>
/// Places orders over HTTP from several clients at once, each at any of the shop's addresses. One that gets no answer asks
/// again, with the same id, until it has one. Together they keep a bounded number of orders open, so that they are still
/// ordering whenever the shop dies.
/// </summary>
internal sealed class Clients(IReadOnlyList<Uri> shops, IReadOnlyList<PlannedOrder> plan, Load load, Func<int> ended) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PauseWithoutAnswer = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient http = new() { Timeout = load.Patience };
    private readonly ConcurrentQueue<PlannedOrder> waiting = new(plan);
    private readonly ConcurrentDictionary<Guid, Placement> placements = new();
    private readonly Stopwatch clock = new();
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

    /// <summary>Ends when every order is accepted.</summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        clock.Start();
        return Task.WhenAll(Enumerable.Range(0, load.Clients).Select(_ => Task.Run(() => RunOneAsync(cancellationToken), cancellationToken)));
    }

    /// <summary>No more orders than those that are on their way.</summary>
    public void Close() => waiting.Clear();

    public void Dispose() => http.Dispose();

    private async Task RunOneAsync(CancellationToken cancellationToken)
    {
        while (!waiting.IsEmpty)
        {
            var number = Interlocked.Increment(ref begun);
            if (number - ended() > load.MaxOpen || clock.Elapsed * load.OrdersPerSecond < TimeSpan.FromSeconds(number))
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
            using var response = await http.PostAsJsonAsync(new Uri(shops[Random.Shared.Next(shops.Count)], "/orders"), order.Request, cancellationToken);
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
