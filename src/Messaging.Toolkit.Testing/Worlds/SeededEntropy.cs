using System.Buffers.Binary;
using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Testing.Worlds;

/// <summary>The toolkit's randomness in one life of a node.</summary>
internal sealed class SeededEntropy(SeededRandom random) : EntropySource
{
    public override void Fill(Span<byte> bytes)
    {
        Span<byte> word = stackalloc byte[8];
        for (; bytes.Length > 0; bytes = bytes[Math.Min(8, bytes.Length)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, random.Next());
            word[..Math.Min(8, bytes.Length)].CopyTo(bytes);
        }
    }
}
