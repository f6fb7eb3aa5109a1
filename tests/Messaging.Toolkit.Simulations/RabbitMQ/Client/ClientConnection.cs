using Messaging.Toolkit.Simulations.RabbitMQ.Server;
using Messaging.Toolkit.Testing.Worlds;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Toolkit.Simulations.RabbitMQ.Client;

/// <summary>The client's end of a connection: what the transport gets from its connection factory.</summary>
internal sealed partial class ClientConnection(ServerConnection server, string name) : IConnection
{
    private const double NeverCloses = 0.1;

    private readonly List<ClientChannel> channels = [];
    private AsyncEventHandler<ShutdownEventArgs>? shutdown;

    public event AsyncEventHandler<ShutdownEventArgs>? ConnectionShutdownAsync
    {
        add => Late.Add(ref shutdown, value, this, CloseReason);
        remove => shutdown -= value;
    }

    public event AsyncEventHandler<ConnectionBlockedEventArgs>? ConnectionBlockedAsync;

    public event AsyncEventHandler<AsyncEventArgs>? ConnectionUnblockedAsync;

    public ServerConnection Server => server;

    public string? ClientProvidedName => name;

    public ShutdownEventArgs? CloseReason { get; private set; }

    public bool IsOpen => CloseReason is null;

    public uint FrameMax => 131_072;

    public IDictionary<string, object?>? ServerProperties { get; } = new Dictionary<string, object?> { ["version"] = "4.1.4"u8.ToArray() };

    public async Task<IChannel> CreateChannelAsync(CreateChannelOptions? options = null, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        var channel = new ClientChannel(this, channels.Count + 1, options?.PublisherConfirmationsEnabled == true);
        channels.Add(channel);
        await channel.OpenAsync(cancellationToken);
        return channel;
    }

    public async Task CloseAsync(ushort reasonCode, string reasonText, TimeSpan timeout, bool abort, CancellationToken cancellationToken = default)
    {
        if (!IsOpen)
        {
            return;
        }

        // Nothing is taken from the broker any more but its answer, and it does everything that was asked for before.
        Lost(new ShutdownEventArgs(ShutdownInitiator.Application, reasonCode, reasonText));
        if (server.ToBroker.IsCut && server.Broker.Random.Chance(NeverCloses))
        {
            // As the client does that was writing when the broker died.
            await new TaskCompletionSource().Task;
        }

        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.ToBroker.Send(() =>
        {
            server.ToClient.Send(() => answer.TrySetResult());
            server.End();
        });
        var limit = server.Broker.World.Schedule(server.Life.Lane, timeout, () => answer.TrySetResult());
        await answer.Task;
        limit.Cancel();
        server.ToClient.Close();
    }

    public void Dispose() { }

    public ValueTask DisposeAsync() => IsOpen ? new(CloseAsync(200, "disposed", TimeSpan.FromSeconds(30), abort: true)) : ValueTask.CompletedTask;

    /// <summary>It is over, for the client.</summary>
    public void Lost(ShutdownEventArgs reason)
    {
        if (!IsOpen)
        {
            return;
        }

        CloseReason = reason;
        server.ToBroker.LetGo();
        channels.ForEach(channel => channel.Close(reason));
        shutdown?.Invoke(this, reason);
    }

    public void OnBlocked(string reason) => ConnectionBlockedAsync?.Invoke(this, new ConnectionBlockedEventArgs(reason));

    public void OnUnblocked() => ConnectionUnblockedAsync?.Invoke(this, new AsyncEventArgs());

    public void ThrowIfClosed()
    {
        if (CloseReason is { } reason)
        {
            throw new AlreadyClosedException(reason);
        }
    }
}
