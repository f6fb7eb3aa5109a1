using Messaging.Toolkit.EntityFrameworkCore.Sql;
using Messaging.Toolkit.Testing.Checks;
using Messaging.Toolkit.Testing.Worlds;

namespace Messaging.Toolkit.Testing.Databases;

/// <summary>The database of one type of context in one world: a real SQLite file that outlives the nodes.</summary>
internal sealed class SimulatedDatabase(World world, string path, TableNames names, Ledger ledger) : IDisposable
{
    private readonly DatabaseObserver observer = new(path, names);

    public string ConnectionString { get; } = DatabaseFile.ConnectionString(path);

    /// <summary>How long a transaction waits for the write lock: SQLite's default.</summary>
    public TimeSpan BusyTimeout { get; } = TimeSpan.FromSeconds(30);

    public Statements Statements { get; } = new(names);

    public WriteLock Lock { get; } = new(world);

    public void OnCommitted(SimulatedConnection connection, IReadOnlyList<HandlerRun> runs) => ledger.OnCommitted(observer, connection.Life, runs);

    /// <summary>Which leases somebody has.</summary>
    public IReadOnlyList<string> ReadLeases() => observer.ReadLeases((LaneTime.Beginning + world.Now).UtcDateTime);

    public void OnDuplicate(SimulatedConnection connection) => ledger.OnDuplicate(connection.Life);

    /// <summary>Whether no message waits to be sent.</summary>
    public bool IsDrained => observer.IsDrained;

    /// <summary>Whether the message waits to be sent, or to be tried again.</summary>
    public bool Stores(Guid messageId) => observer.Stores(messageId);

    /// <summary>Whether an instance of a saga or process manager goes on by itself until then, because a timeout falls due.</summary>
    public bool HasTimeout(TimeSpan until) => observer.HasTimeout((LaneTime.Beginning + until).UtcDateTime);

    /// <summary>Whether a parked message is to be tried until then.</summary>
    public bool HasParked(TimeSpan until) => observer.HasParked((LaneTime.Beginning + until).UtcDateTime);

    /// <summary>Whether a scheduled message falls due until then.</summary>
    public bool HasScheduled(TimeSpan until) => observer.HasScheduled((LaneTime.Beginning + until).UtcDateTime);

    /// <summary>Whether nothing waits in it that goes on by itself until then.</summary>
    public bool IsAtRest(TimeSpan until) => IsDrained && !HasTimeout(until) && !HasParked(until) && !HasScheduled(until);

    public void Dispose()
    {
        observer.Dispose();
        DatabaseFile.Delete(path);
    }
}
