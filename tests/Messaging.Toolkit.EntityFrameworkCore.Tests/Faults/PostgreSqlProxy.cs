using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Faults;

/// <summary>What happens to one call of the database.</summary>
public enum CallFault
{
    /// <summary>The server answers that the transaction was the victim of a deadlock.</summary>
    Deadlock,

    /// <summary>The connection breaks before the server sees the call.</summary>
    LostBefore,

    /// <summary>The server has done it, and the connection breaks before the reply: a commit that took effect looks lost.</summary>
    LostAfter,

    /// <summary>The call is never answered, so that it times out.</summary>
    NoReply,

    /// <summary>Nothing happens to it, but the test is told that it is on its way.</summary>
    Noted,
}

/// <summary>
/// Stands between an application and PostgreSQL and reads their protocol: a call is what the client sends up to a Query or a
/// Sync, and its reply ends with a ReadyForQuery. The n-th call can be made to fail; or everything, for a while.
/// </summary>
public sealed class PostgreSqlProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint server;
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<TcpClient, byte> open = new();
    private readonly Task accepting;
    private volatile bool isDown;
    private int callsLeft = int.MaxValue;
    private CallFault fault;

    public PostgreSqlProxy(string connectionString)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        server = new IPEndPoint(IPAddress.Parse(target.Host!), target.Port);
        listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Port = ((IPEndPoint)listener.LocalEndpoint).Port,
            SslMode = SslMode.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,
            CommandTimeout = 5,
            CancellationTimeout = -1, // A call that times out breaks its connection at once.
        }.ConnectionString;
        accepting = AcceptAsync();
    }

    public string ConnectionString { get; }

    /// <summary>Whether the call that was to fail has come.</summary>
    public bool WasHit => Volatile.Read(ref callsLeft) <= 0;

    /// <summary>What <see cref="CallFault.Noted"/> calls.</summary>
    public Action OnNoted { get; set; } = () => { };

    /// <summary>Makes the n-th call from now fail, whoever makes it.</summary>
    public void Fail(int nth, CallFault how)
    {
        fault = how;
        Volatile.Write(ref callsLeft, nth);
    }

    /// <summary>Cuts every connection and takes no new one.</summary>
    public void GoDown()
    {
        isDown = true;
        foreach (var client in open.Keys)
        {
            client.Close();
        }
    }

    public void ComeUp() => isDown = false;

    public async ValueTask DisposeAsync()
    {
        GoDown();
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        await using var connection = new NpgsqlConnection(ConnectionString);
        NpgsqlConnection.ClearPool(connection);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var client = await listener.AcceptTcpClientAsync(stopping.Token);
                _ = ServeAsync(client);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var upstream = new TcpClient();
        using (client)
        {
            try
            {
                open.TryAdd(client, 0);
                if (isDown)
                {
                    return;
                }

                await upstream.ConnectAsync(server);
                client.NoDelay = upstream.NoDelay = true;
                var session = new Session(this, client.GetStream(), upstream.GetStream());
                await Task.WhenAny(session.ForwardCallsAsync(), session.ForwardRepliesAsync());
            }
            catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // One side is gone; so is the other when this ends.
            }
            finally
            {
                open.TryRemove(client, out _);
            }
        }
    }

    private sealed class Session(PostgreSqlProxy proxy, NetworkStream client, NetworkStream server)
    {
        /// <summary>Calls forwarded and replies that must not arrive; a connection begins with a reply to no call: the log-in's.</summary>
        private int calls = 1;
        private int replies;
        private int cutAtReply = int.MaxValue;

        public async Task ForwardCallsAsync()
        {
            await ForwardStartAsync();
            var call = new MemoryStream();
            while (await ReadFrameAsync(client) is { } frame)
            {
                call.Write(frame);
                if (frame[0] is (byte)'Q' or (byte)'S' && !await ForwardCallAsync(call))
                {
                    return;
                }

                if (frame[0] is (byte)'Q' or (byte)'S' or (byte)'p' or (byte)'X')
                {
                    await server.WriteAsync(call.ToArray());
                    call.SetLength(0);
                }
            }
        }

        /// <summary>Applies the fault if it is this call's. False if the connection breaks here.</summary>
        private async Task<bool> ForwardCallAsync(MemoryStream call)
        {
            var number = Interlocked.Increment(ref calls);
            if (proxy.fault == CallFault.Deadlock && CannotDeadlock(call))
            {
                return true;
            }

            if (Interlocked.Decrement(ref proxy.callsLeft) != 0)
            {
                return true;
            }

            switch (proxy.fault)
            {
                case CallFault.LostBefore:
                    return false;
                case CallFault.LostAfter:
                    Volatile.Write(ref cutAtReply, number);
                    return true;
                case CallFault.Noted:
                    proxy.OnNoted();
                    return true;
                case CallFault.Deadlock:
                    call.SetLength(0);
                    call.Write(Query("DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '40P01'; END $$"));
                    return true;
                default:
                    while (await ReadFrameAsync(client) is not null)
                    {
                        // Until the client gives up. Then the server must see it go, as it would without a proxy.
                    }

                    return false;
            }
        }

        public async Task ForwardRepliesAsync()
        {
            while (await ReadFrameAsync(server) is { } frame)
            {
                if (frame[0] == (byte)'Z')
                {
                    replies++;
                }

                // Of the reply that gets lost nothing arrives: not its end, and nothing that comes after the end of the one before.
                if (replies >= Volatile.Read(ref cutAtReply))
                {
                    return;
                }

                if (replies < Volatile.Read(ref cutAtReply) - 1 || frame[0] == (byte)'Z')
                {
                    await client.WriteAsync(frame);
                }
            }
        }

        /// <summary>The first message has no type.</summary>
        private async Task ForwardStartAsync()
        {
            var length = new byte[4];
            await client.ReadExactlyAsync(length);
            var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4];
            await client.ReadExactlyAsync(rest);
            await server.WriteAsync((byte[])[.. length, .. rest]);
        }

        private static async Task<byte[]?> ReadFrameAsync(NetworkStream stream)
        {
            var head = new byte[5];
            if (await stream.ReadAtLeastAsync(head, 5, throwOnEndOfStream: false) < 5)
            {
                return null;
            }

            var frame = new byte[1 + BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
            head.CopyTo(frame, 0);
            await stream.ReadExactlyAsync(frame.AsMemory(5));
            return frame;
        }

        /// <summary>What a client does on its own to begin, or to clean a pooled connection, locks nothing.</summary>
        private static bool CannotDeadlock(MemoryStream call)
        {
            var text = Encoding.ASCII.GetString(call.GetBuffer(), 0, (int)call.Length);
            return text.Contains("BEGIN", StringComparison.Ordinal) || text.Contains("DISCARD", StringComparison.Ordinal);
        }

        private static byte[] Query(string sql)
        {
            var text = Encoding.UTF8.GetBytes(sql);
            var frame = new byte[1 + 4 + text.Length + 1];
            frame[0] = (byte)'Q';
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), 4 + text.Length + 1);
            text.CopyTo(frame, 5);
            return frame;
        }
    }
}
