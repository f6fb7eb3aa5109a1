namespace Messaging.Toolkit.Sagas.Running;

/// <summary>
/// An instance stands where this process's definition has nothing, because it is of another version. It is left alone, and its messages
/// wait: another process may know it, or the next deployment.
/// </summary>
internal sealed class SagaMisplacedException(string message) : MessagingException(message);
