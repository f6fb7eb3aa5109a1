namespace Messaging.Toolkit;

/// <summary>
/// Something the toolkit refuses or cannot do. The message says what happened, to which message or setting, and
/// what to do about it; it never contains a payload or a header's value.
/// </summary>
public class MessagingException : Exception
{
    /// <summary>Creates the exception with a message for the developer.</summary>
    public MessagingException(string message) : base(message) { }

    /// <summary>Creates the exception with a message for the developer and the failure behind it.</summary>
    public MessagingException(string message, Exception innerException) : base(message, innerException) { }
}
