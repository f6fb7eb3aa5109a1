namespace Messaging.Toolkit.Testing;

/// <summary>A transport does not do what its seam promises. The message says what was expected and what was so.</summary>
/// <param name="message">What was expected, and what was so.</param>
/// <param name="innerException">What the transport threw, if it threw.</param>
public sealed class ConformanceException(string message, Exception? innerException = null) : Exception(message, innerException);
