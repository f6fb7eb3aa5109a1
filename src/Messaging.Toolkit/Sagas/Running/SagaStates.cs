using System.Text;
using System.Text.Json;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Sagas.Running;

/// <summary>Writes and reads the application's states, as JSON whatever its messages are written in.</summary>
internal sealed class SagaStates(JsonMessageSerializer serializer, MessageLimits limits)
{
    /// <exception cref="MessagingException">It cannot be written, or is too large.</exception>
    public string Write(object state, string definition)
    {
        using var buffer = new BoundedBufferWriter(limits.MaxBodyBytes);
        try
        {
            serializer.Serialize(state, state.GetType(), buffer);
        }
        catch (MessagingException tooLarge)
        {
            throw new MessagingException($"The state of '{definition}' cannot be saved: {tooLarge.Message}.");
        }
        catch (Exception exception)
        {
            throw new MessagingException(
                $"The state of '{definition}' ({state.GetType().Name}) cannot be saved: it cannot be serialized ({exception.GetType().Name}). " +
                "States are plain data: no cycles, no depth over the serializer's limit, no types it does not know.", exception);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <exception cref="MessagingException">The stored text is no such state. It is not repeated: it may be personal data.</exception>
    public object Read(string json, Type type, string definition)
    {
        try
        {
            return serializer.Deserialize(Encoding.UTF8.GetBytes(json), type);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new MessagingException($"The stored state of '{definition}' cannot be read as {type.Name} ({exception.GetType().Name}): mend the row, or add a Version whose upgrade maps it.");
        }
    }

    /// <summary>The bytes of a timeout.</summary>
    public byte[] WriteTimeout(object timeout, string definition) => Encoding.UTF8.GetBytes(Write(timeout, definition));

    public object ReadTimeout(byte[] json, Type type, string definition) => Read(Encoding.UTF8.GetString(json), type, definition);
}
