using Npgsql;
using OrderFulfilment.Demo.Running;

namespace OrderFulfilment.Chaos.Running;

/// <summary>One of the sample's processes, and the proxies that its connections to the servers go through.</summary>
internal sealed class Node : IDisposable
{
    private readonly SemaphoreSlim taken = new(1);

    /// <param name="number">From 0.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="settings">What it runs, and its servers, without proxies.</param>
    /// <param name="errors">Reads the log of the process.</param>
    /// <param name="folder">Where the log is written.</param>
    public Node(int number, string name, Settings settings, ErrorLog errors, string folder)
    {
        Number = number;
        Name = name;
        TakesOrders = settings.Endpoints.Contains("ordering");
        var target = new NpgsqlConnectionStringBuilder(settings.ConnectionString);
        Database = new Proxy(target.Host!, target.Port);
        target.Host = "127.0.0.1";
        target.Port = Database.Port;
        target.ApplicationName = Server.ApplicationName;

        // Shorter than a black hole, so that both ends of it are met: data that is late, and data that does not come.
        target.Timeout = 3;
        target.CommandTimeout = 5;
        target.MaxPoolSize = settings.Broker is null ? 40 : 20; // PostgreSQL has 200, and the sessions of a killed process may stay for a while.
        settings = settings with { ConnectionString = target.ConnectionString };
        if (settings.Broker is RabbitMQBroker { Uri: var uri } rabbit)
        {
            Broker = new Proxy(uri.Host, uri.Port);
            settings = settings with { Broker = rabbit with { Uri = new UriBuilder(uri) { Host = "127.0.0.1", Port = Broker.Port }.Uri } };
        }

        Process = new DemoProcess("OrderFulfilment", settings, Name, folder) { OnLogged = line => errors.Read(Name, line) };
    }

    public int Number { get; }

    public string Name { get; }

    public bool TakesOrders { get; }

    /// <summary>The way to the database.</summary>
    public Proxy Database { get; }

    /// <summary>The way to the broker, if there is one.</summary>
    public Proxy? Broker { get; }

    public DemoProcess Process { get; }

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
        Database.Dispose();
        Broker?.Dispose();
        taken.Dispose();
    }
}
