using System.Net;
using System.Net.Sockets;
using OrderFulfilment.Chaos.Running;

namespace OrderFulfilment.Tests.Chaos;

/// <summary>The network that chaos makes.</summary>
public sealed class ProxyTests : IDisposable
{
    private readonly TcpListener server = new(IPAddress.Loopback, 0);
    private readonly Proxy proxy;

    public ProxyTests()
    {
        server.Start();
        proxy = new Proxy("127.0.0.1", ((IPEndPoint)server.LocalEndpoint).Port);
    }

    [Fact]
    public async Task What_is_sent_arrives_and_so_does_the_end()
    {
        var (near, far) = await ConnectAsync();

        near.Send([1, 2, 3]);
        (await ReceiveAsync(far)).Should().Equal(1, 2, 3);
        far.Send([4]);
        (await ReceiveAsync(near)).Should().Equal(4);

        near.Dispose();
        (await ReceiveAsync(far)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_cut_connection_is_reset_on_both_sides()
    {
        var (near, far) = await ConnectAsync();

        proxy.Cut();

        foreach (var side in new[] { near, far })
        {
            (await side.Invoking(ReceiveAsync).Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset);
        }
    }

    [Fact]
    public async Task Nothing_passes_while_it_is_blocked_by_anybody_and_everything_afterwards()
    {
        var (near, far) = await ConnectAsync();
        var first = proxy.Block();
        var second = proxy.Block();

        near.Send([1]);
        near.Dispose();
        var received = ReceiveAsync(far);
        first.Dispose();
        first.Dispose();
        received.IsCompleted.Should().BeFalse();
        second.Dispose();

        (await received).Should().Equal(1);
        (await ReceiveAsync(far)).Should().BeEmpty();
    }

    public void Dispose()
    {
        proxy.Dispose();
        server.Dispose();
    }

    private async Task<(Socket Near, Socket Far)> ConnectAsync()
    {
        var near = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(IPAddress.Loopback, proxy.Port);
        return (near, await server.AcceptSocketAsync());
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[16];
        return buffer[..await socket.ReceiveAsync(buffer)];
    }
}
