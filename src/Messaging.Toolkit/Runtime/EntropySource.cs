using System.Security.Cryptography;

namespace Messaging.Toolkit.Runtime;

/// <summary>All randomness of the toolkit: ids and jitter. The simulator puts a seeded one in its place.</summary>
internal class EntropySource
{
    /// <summary>Fills the span with random bytes. Thread-safe.</summary>
    public virtual void Fill(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);

    /// <summary>A number from 0 (inclusive) to 1 (exclusive).</summary>
    public double NextFraction()
    {
        Span<byte> bytes = stackalloc byte[8];
        Fill(bytes);
        return (BitConverter.ToUInt64(bytes) >> 11) * (1.0 / (1UL << 53));
    }
}
