namespace Messaging.Toolkit.Sagas;

/// <summary>How sagas and process managers are looked after.</summary>
public sealed class SagaOptions
{
    /// <summary>
    /// How long an instance that has finished is kept, with its history. After that a late message of it goes to the dead letters, and an event with the
    /// correlation of a process manager that had completed begins a new one. Default 30 days; from 1 hour to 10 years.
    /// </summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often timeouts that have fallen due are looked for. Default 1 s; from 10 ms to 1 hour.</summary>
    public TimeSpan TimeoutInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many timeouts one look takes. Default 200; from 1 to 10,000.</summary>
    public int TimeoutBatch { get; set; } = 200;

    /// <summary>
    /// How long an event waits for its instance to begin (<see cref="MissingInstance.Park"/>); then it goes to the dead letters. Default 7 days; from 1 min to 10 years.
    /// </summary>
    public TimeSpan ParkedRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How many bytes the events may have that wait for one instance to begin, all together; a further one goes to the dead letters. Default 1 MiB; from 1 kiB to 100 MiB.</summary>
    public int MaxParkedBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// How many activities that do not listen to their cancellation token may be left behind in a process when their time is over: each keeps its scope until it ends. The message of
    /// a further one waits for that, and holds a worker of its endpoint. Default 20; from 0 to 10,000.
    /// </summary>
    public int MaxLeftBehind { get; set; } = 20;

    internal IEnumerable<string> Validate()
    {
        if (Retention < TimeSpan.FromHours(1) || Retention > TimeSpan.FromDays(3650))
        {
            yield return $"Sagas.Retention is {Retention}: set it between 1 hour and 10 years.";
        }

        if (TimeoutInterval < TimeSpan.FromMilliseconds(10) || TimeoutInterval > TimeSpan.FromHours(1))
        {
            yield return $"Sagas.TimeoutInterval is {TimeoutInterval}: set it between 10 ms and 1 hour.";
        }

        if (TimeoutBatch is < 1 or > 10_000)
        {
            yield return $"Sagas.TimeoutBatch is {TimeoutBatch}: set it between 1 and 10000.";
        }

        if (ParkedRetention < TimeSpan.FromMinutes(1) || ParkedRetention > TimeSpan.FromDays(3650))
        {
            yield return $"Sagas.ParkedRetention is {ParkedRetention}: set it between 1 min and 10 years.";
        }

        if (MaxParkedBytes is < 1024 or > 100 * 1024 * 1024)
        {
            yield return $"Sagas.MaxParkedBytes is {MaxParkedBytes}: set it between 1024 and 104857600.";
        }

        if (MaxLeftBehind is < 0 or > 10_000)
        {
            yield return $"Sagas.MaxLeftBehind is {MaxLeftBehind}: set it between 0 and 10000.";
        }
    }
}
