using Npgsql;
using OrderFulfilment.Demo.Running;

namespace OrderFulfilment.Chaos.Running;

/// <summary>One of the sample's processes, and the proxy that its connections to the database go through.</summary>
internal sealed class Node : IDisposable
{
    private readonly SemaphoreSlim taken = new(1);

    /// <param name="number">From 0.</param>
    /// <param name="connectionString">The database, without a proxy.</param>
    /// <param name="errors">Reads the log of the process.</param>
    /// <param name="folder">Where the log is written.</param>
    public Node(int number, string connectionString, ErrorLog errors, string folder)
    {
        Number = number;
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        Proxy = new Proxy(target.Host!, target.Port);
        target.Host = "127.0.0.1";
        target.Port = Proxy.Port;
        target.ApplicationName = Server.ApplicationName;

        // Shorter than a black hole, so that both ends of it are met: data that is late, and data that does not come.
        target.Timeout = 3;
        target.CommandTimeout = 5;
        target.MaxPoolSize = 40; // PostgreSQL has 200, and the sessions of a killed process may stay for a while.
        Process = new ShopProcess(new Settings("postgres", target.ConnectionString), Name, folder) { OnLogged = line => errors.Read(Name, line) };
    }

    public int Number { get; }

    public string Name => $"shop-{Number + 1}";

    public Proxy Proxy { get; }

    public ShopProcess Process { get; }

    /// <summary>Whoever stops, freezes or starts the process takes it meanwhile. Null if somebody else has it.</summary>
    public IDisposable? TryTake() => taken.Wait(0) ? new Undo(() => taken.Release()) : null;

    /// <summary>Throws if the process has ended and nobody meant it to.</summary>
    public void ThrowIfDead()
    {
        using var take = TryTake();
        if (take is not null)
        {
            Process.ThrowIfDead();
        }
    }

    public void Dispose()
    {
        Process.Dispose();
        Proxy.Dispose();
        taken.Dispose();
    }
}
