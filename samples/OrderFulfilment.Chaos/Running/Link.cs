using System.Net.Sockets;

namespace OrderFulfilment.Chaos.Running;

/// <summary>One connection through the proxy.</summary>
internal sealed class Link(Proxy proxy, Socket client) : IDisposable
{
    private readonly Socket server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Set before anything is closed: whoever is woken by that must not end the other side in peace.</summary>
    private volatile bool isReset;

    /// <summary>Ends when both sides have said all that they had to say, or when one of them cannot be told any more.</summary>
    public async Task RunAsync(string host, int port)
    {
        client.NoDelay = true;
        await proxy.TravelAsync();
        await server.ConnectAsync(host, port);
        Task[] ways = [ForwardAsync(client, server), ForwardAsync(server, client)];
        await await Task.WhenAny(ways);
        await Task.WhenAll(ways);
    }

    /// <summary>Both sides are told that the connection is broken, as by a firewall that has lost its memory.</summary>
    public void Reset()
    {
        isReset = true;
        client.Close(timeout: 0);
        server.Close(timeout: 0);
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    private async Task ForwardAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await ReceiveAsync(from, buffer)) > 0)
        {
            await proxy.TravelAsync();
            await to.SendAsync(buffer.AsMemory(0, count));
        }

        await proxy.TravelAsync();
        if (!isReset)
        {
            to.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>0 if nothing more comes, for whatever reason: that too has to travel.</summary>
    private static async Task<int> ReceiveAsync(Socket from, byte[] buffer)
    {
        try
        {
            return await from.ReceiveAsync(buffer);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
