using Messaging.Toolkit.Sagas.Engine;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>
/// A step cannot be done, or undone. What was changed for it has to be rolled back, so it ends the attempt at the message; the next attempt
/// knows that the step has failed.
/// </summary>
internal sealed class StepFailedException(Guid saga, SagaEffect effect, string reason, SagaFailureKind kind, bool isFinal, Exception? innerException = null)
    : Exception($"Step '{effect.Step}' of saga {saga:N}: {reason}", innerException)
{
    public Guid Saga => saga;

    public SagaEffect Effect => effect;

    public string Reason => reason;

    public SagaFailureKind Kind => kind;

    /// <summary>Whether it makes no sense to try the same again.</summary>
    public bool IsFinal => isFinal;

    public bool IsOf(Guid instance, SagaEffect attempt) => saga == instance && effect == attempt;
}
