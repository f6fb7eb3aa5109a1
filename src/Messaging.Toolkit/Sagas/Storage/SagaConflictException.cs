namespace Messaging.Toolkit.Sagas.Storage;

/// <summary>Somebody else has changed or created the instance meanwhile. Nothing is lost: its message is handled again, on what is there now.</summary>
/// <param name="id">The instance.</param>
public sealed class SagaConflictException(Guid id) : MessagingException($"Saga {id:N} was changed by somebody else at the same time; its message is handled again.");
