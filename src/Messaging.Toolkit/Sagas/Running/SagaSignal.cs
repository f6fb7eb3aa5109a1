namespace Messaging.Toolkit.Sagas.Running;

/// <summary>What the toolkit itself sends to an instance: its <see cref="SagaRequest"/> travels as the request that it replies to.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="State">For <see cref="SagaSignalKind.Start"/>: the state to begin with, as JSON.</param>
/// <param name="Version">For <see cref="SagaSignalKind.Start"/>: the version of the definition that the state is of.</param>
/// <param name="DueAt">For <see cref="SagaSignalKind.Due"/>: which timeout, as it was stored.</param>
/// <param name="Reason">For <see cref="SagaSignalKind.Cancel"/>: why.</param>
internal sealed record SagaSignal(SagaSignalKind Kind, string? State = null, int Version = 1, DateTime? DueAt = null, string? Reason = null)
{
    /// <summary>Databases keep fewer digits of a time than there are.</summary>
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);

    /// <summary>What falls due then, or earlier, has fallen due.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public DateTime? DueUntil => DueAt + Rounding;

    /// <summary>Its name on the wire.</summary>
    public const string Name = "messaging.saga-signal";
}

/// <summary>What a signal is about. Stored by name.</summary>
internal enum SagaSignalKind
{
    /// <summary>An instance is to begin.</summary>
    Start,

    /// <summary>An activity is to run, in a transaction of its own.</summary>
    Run,

    /// <summary>A timeout has fallen due.</summary>
    Due,

    /// <summary>An operator lets it go on.</summary>
    Resume,

    /// <summary>An operator wants it to be undone.</summary>
    Cancel,
}
