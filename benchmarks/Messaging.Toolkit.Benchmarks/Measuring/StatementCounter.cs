using System.Diagnostics;
using Messaging.Toolkit.Benchmarks.Databases;

namespace Messaging.Toolkit.Benchmarks.Measuring;

/// <summary>
/// Counts the commands that the process sends to PostgreSQL, whoever sends them: Npgsql's own tracing sees EF's and the
/// toolkit's alike. BEGIN and COMMIT are no commands to it and are not counted. SQLite's provider has nothing like it.
/// </summary>
internal sealed class StatementCounter : IDisposable
{
    private readonly ActivityListener listener;
    private long count;

    private StatementCounter()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = Add,
        };
        ActivitySource.AddActivityListener(listener);
    }

    public long Count => Interlocked.Read(ref count);

    /// <summary>A counter, or null where commands cannot be counted.</summary>
    public static StatementCounter? For(DatabaseKind kind) => kind == DatabaseKind.Postgres ? new StatementCounter() : null;

    public void Dispose() => listener.Dispose();

    private void Add(Activity activity)
    {
        // Opening a connection is an activity, too, and no statement.
        if (activity.GetTagItem("db.query.text") is not null || activity.GetTagItem("db.statement") is not null)
        {
            Interlocked.Increment(ref count);
        }
    }
}
