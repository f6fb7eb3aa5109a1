using System.Net.Sockets;

namespace OrderFulfilment.Chaos.Running;

/// <summary>One connection through the proxy.</summary>
internal sealed class Link(Proxy proxy, TcpClient client) : IDisposable
{
    private readonly TcpClient server = new();

    /// <summary>Ends when either side has gone.</summary>
    public async Task RunAsync(string host, int port)
    {
        await proxy.TravelAsync();
        await server.ConnectAsync(host, port);
        client.NoDelay = server.NoDelay = true;
        await Task.WhenAny(ForwardAsync(client.GetStream(), server.GetStream()), ForwardAsync(server.GetStream(), client.GetStream()));
    }

    /// <summary>Both sides are told that the connection is broken, as by a firewall that has lost its memory.</summary>
    public void Reset()
    {
        foreach (var side in new[] { client, server })
        {
            try
            {
                side.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // It has gone by itself.
            }

            side.Dispose();
        }
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }

    private async Task ForwardAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        int count;
        do
        {
            count = await ReadAsync(from, buffer);
            await proxy.TravelAsync();
            await to.WriteAsync(buffer.AsMemory(0, count));
        }
        while (count > 0);
    }

    /// <summary>0 if nothing more comes, for whatever reason: that too has to travel.</summary>
    private static async Task<int> ReadAsync(NetworkStream from, byte[] buffer)
    {
        try
        {
            return await from.ReadAsync(buffer);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
