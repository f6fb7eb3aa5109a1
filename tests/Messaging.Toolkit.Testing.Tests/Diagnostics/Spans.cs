using System.Collections.Concurrent;
using System.Diagnostics;
using Messaging.Toolkit.Diagnostics;

namespace Messaging.Toolkit.Testing.Tests.Diagnostics;

/// <summary>Listens to the toolkit's spans.</summary>
internal sealed class Spans : IDisposable
{
    private readonly ConcurrentQueue<Activity> ended = new();
    private readonly ActivityListener listener;

    public Spans()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MessagingDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    public IReadOnlyList<Activity> All => [.. ended];

    public IReadOnlyList<Activity> Of(string operation) => [.. ended.Where(span => (string?)span.GetTagItem("messaging.operation.name") == operation)];

    public Activity Single(string name) => ended.Single(span => span.DisplayName == name);

    public void Dispose() => listener.Dispose();
}
