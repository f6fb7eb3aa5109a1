using System.Collections.Concurrent;
using System.Diagnostics;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Npgsql;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Budgets;

/// <summary>What is sent to one database, whoever sends it: each is a round trip. The driver's own tracing knows, and nobody is disturbed by it. A plain BEGIN or COMMIT is not among them.</summary>
internal sealed class Statements : IDisposable
{
    private readonly ConcurrentQueue<string> texts = new();
    private readonly ActivityListener listener;

    public Statements(TestDatabase database)
    {
        var name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database;
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("db.query.text") is string text && activity.GetTagItem("db.namespace") as string == name)
                {
                    texts.Enqueue(text);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public IReadOnlyList<string> Texts => [.. texts];

    public void Forget() => texts.Clear();

    public int Count(string part) => texts.Count(text => text.Contains(part, StringComparison.Ordinal));

    public void Dispose() => listener.Dispose();
}
