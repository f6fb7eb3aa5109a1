using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace OrderFulfilment.Chaos.Running;

/// <summary>The network between one process and a server: it can break, lose everything for a while, or be slow.</summary>
internal sealed class Proxy : IDisposable
{
    private readonly string host;
    private readonly int port;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Link, byte> links = new();
    private readonly Lock blocking = new();
    private TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int blocks;
    private long delay;

    public Proxy(string host, int port)
    {
        this.host = host;
        this.port = port;
        open.SetResult();
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Resets all connections, on both sides.</summary>
    public void Cut()
    {
        foreach (var link in links.Keys)
        {
            link.Reset();
        }
    }

    /// <summary>Nothing passes until the result is disposed, not even that a side has gone. What was sent meanwhile arrives then.</summary>
    public IDisposable Block()
    {
        lock (blocking)
        {
            if (blocks++ == 0)
            {
                open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        return new Undo(() =>
        {
            lock (blocking)
            {
                if (--blocks == 0)
                {
                    open.SetResult();
                }
            }
        });
    }

    /// <summary>All that passes comes later until the result is disposed.</summary>
    public IDisposable Slow(TimeSpan by)
    {
        Interlocked.Add(ref delay, by.Ticks);
        return new Undo(() => Interlocked.Add(ref delay, -by.Ticks));
    }

    /// <summary>Waits for as long as something that was sent now would be under way.</summary>
    public async Task TravelAsync()
    {
        if (Interlocked.Read(ref delay) is > 0 and var ticks)
        {
            await Task.Delay(TimeSpan.FromTicks(ticks));
        }

        await Volatile.Read(ref open).Task;
    }

    public void Dispose()
    {
        listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptSocketAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The end: the listener was disposed.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var link = new Link(this, client);
        links.TryAdd(link, 0);
        try
        {
            await link.RunAsync(host, port);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // One side is gone; so is the other when this ends.
        }
        finally
        {
            links.TryRemove(link, out _);
        }
    }
}
