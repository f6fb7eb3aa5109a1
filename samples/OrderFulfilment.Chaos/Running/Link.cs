using System.Net.Sockets;

namespace OrderFulfilment.Chaos.Running;

/// <summary>One connection through the proxy.</summary>
internal sealed class Link(Proxy proxy, Socket client) : IDisposable
{
    private readonly Socket server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Ends when either side has gone.</summary>
    public async Task RunAsync(string host, int port)
    {
        client.NoDelay = true;
        await proxy.TravelAsync();
        await server.ConnectAsync(host, port);
        await Task.WhenAny(ForwardAsync(client, server), ForwardAsync(server, client));
    }

    /// <summary>Both sides are told that the connection is broken, as by a firewall that has lost its memory.</summary>
    public void Reset()
    {
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
        do
        {
            count = await ReceiveAsync(from, buffer);
            await proxy.TravelAsync();
            await to.SendAsync(buffer.AsMemory(0, count));
        }
        while (count > 0);
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
