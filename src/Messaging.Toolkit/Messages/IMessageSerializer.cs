using System.Buffers;

namespace Messaging.Toolkit.Messages;

/// <summary>
/// Turns messages into bytes and back. Must be thread-safe and deterministic. A message is serialized once, when it is
/// published; what leaves and what is stored are those bytes.
/// </summary>
public interface IMessageSerializer
{
    /// <summary>The media type of what <see cref="Serialize"/> writes, such as <c>application/json</c>.</summary>
    string ContentType { get; }

    /// <summary>Writes a message.</summary>
    /// <param name="message">An instance of exactly <paramref name="type"/>.</param>
    /// <param name="type">The registered type.</param>
    /// <param name="output">Where to; throws <see cref="MessagingException"/> when the body grows over its limit.</param>
    void Serialize(object message, Type type, IBufferWriter<byte> output);

    /// <summary>Reads a message. Throwing means that the bytes are not a message of this type: it is dead-lettered at once.</summary>
    /// <param name="body">The bytes as they arrived.</param>
    /// <param name="type">The registered type, which alone decides what is created.</param>
    object Deserialize(ReadOnlySpan<byte> body, Type type);
}
