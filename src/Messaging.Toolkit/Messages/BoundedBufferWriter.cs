using System.Buffers;

namespace Messaging.Toolkit.Messages;

/// <summary>
/// A growing buffer that refuses to grow over a limit, so that a huge object fails early and not after it filled the memory.
/// Its memory is rented and goes back when it is disposed: what is to stay is copied out, at its own size.
/// </summary>
internal sealed class BoundedBufferWriter(int limit) : IBufferWriter<byte>, IDisposable
{
    private const int UsualLength = 1024;

    private byte[] buffer = ArrayPool<byte>.Shared.Rent(UsualLength);
    private int written;

    public ReadOnlySpan<byte> WrittenSpan => buffer.AsSpan(0, written);

    public void Advance(int count)
    {
        if (written + (long)count > limit)
        {
            throw new MessagingException($"its body is larger than the limit of {limit} bytes (Limits.MaxBodyBytes): send a reference to the data instead");
        }

        written += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureRoom(Math.Max(sizeHint, 1));
        return buffer.AsMemory(written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        written = 0;
    }

    private void EnsureRoom(int room)
    {
        if (buffer.Length - written >= room)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(written + room), 2 * buffer.Length));
        WrittenSpan.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
