using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Messaging.Toolkit.RabbitMQ.Tests.Broker;

/// <summary>Stands between an application and the broker, and is a bad network.</summary>
internal sealed class Proxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<TcpClient, byte> open = new();
    private readonly Task accepting;
    private volatile TaskCompletionSource? hole;
    private long passed;
    private int resets;

    public Proxy()
    {
        listener.Start();
        Uri = new UriBuilder(Server.Uri) { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port }.Uri;
        accepting = AcceptAsync();
    }

    public Uri Uri { get; }

    /// <summary>New connections are cut at once.</summary>
    public bool IsDown { get; set; }

    /// <summary>How late everything arrives.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How many bytes a second pass in each direction; 0 for all.</summary>
    public int BytesPerSecond { get; set; }

    /// <summary>The connection is reset after that many bytes of the client, in the middle of whatever is on its way.</summary>
    public int ResetAfter { get; set; } = int.MaxValue;

    /// <summary>How many bytes have passed, in both directions.</summary>
    public long Passed => Volatile.Read(ref passed);

    /// <summary>How many connections were reset because of <see cref="ResetAfter"/>.</summary>
    public int Resets => Volatile.Read(ref resets);

    /// <summary>Takes what comes and passes nothing on, until <see cref="EndSilence"/>.</summary>
    public void BeginSilence() => hole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void EndSilence() => Interlocked.Exchange(ref hole, null)?.SetResult();

    /// <summary>Cuts every connection.</summary>
    public void CutAll()
    {
        foreach (var client in open.Keys)
        {
            client.LingerState = new LingerOption(true, 0);
            client.Close();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        EndSilence();
        CutAll();
        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        open.TryAdd(client, 0);
        try
        {
            if (!IsDown)
            {
                await server.ConnectAsync(Server.Uri.Host, Server.Uri.Port, stopping.Token);
                await Task.WhenAny(CopyAsync(client, server, ResetAfter), CopyAsync(server, client, int.MaxValue));
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or IOException)
        {
            // What the other side sees is what counts.
        }
        finally
        {
            open.TryRemove(client, out _);
            client.LingerState = new LingerOption(true, 0);
            client.Close();
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, int limit)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            for (var copied = 0; copied < limit;)
            {
                var read = await from.GetStream().ReadAsync(buffer.AsMemory(0, BytesPerSecond > 0 ? Math.Min(BytesPerSecond / 10, buffer.Length) : buffer.Length), stopping.Token);
                if (read == 0)
                {
                    return;
                }

                await Task.Delay(BytesPerSecond > 0 ? TimeSpan.FromMilliseconds(100) : Delay, stopping.Token);
                if (hole is { } silence)
                {
                    await silence.Task;
                }

                read = Math.Min(read, limit - copied);
                copied += read;
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), stopping.Token);
                Interlocked.Add(ref passed, read);
            }

            Interlocked.Increment(ref resets);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // Cut.
        }
    }
}
