using System.Globalization;
using System.Text;

namespace Messaging.Toolkit.Sagas;

/// <summary>What has become of a saga that somebody waits for.</summary>
/// <param name="Id">The instance: with it <see cref="ISagas.WaitAsync"/> goes on waiting.</param>
/// <param name="Status">How far it has come. <see cref="SagaStatus.Running"/> if the time was over before it ended, whatever it is doing.</param>
/// <param name="State">Its state at the end; null if it has not ended.</param>
/// <param name="Reason">Why it was compensated or is stuck, for people; null otherwise.</param>
/// <param name="Failure">The same for programs; null otherwise.</param>
public sealed record SagaOutcome<TState>(Guid Id, SagaStatus Status, TState? State = null, string? Reason = null, SagaFailureKind? Failure = null) where TState : class
{
    /// <summary>Whether everything is done.</summary>
    public bool IsCompleted => Status == SagaStatus.Completed;

    /// <summary>Whether everything is undone.</summary>
    public bool IsCompensated => Status == SagaStatus.Compensated;

    /// <summary>Without the state, which may be personal data: this is what gets into a log.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Id = {Id}, Status = {Status}");
        return true;
    }
}
