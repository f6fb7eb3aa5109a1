using Messaging.Toolkit.Runtime;

namespace Messaging.Toolkit.Tests.Runtime;

/// <summary>Randomness that is the same in every run.</summary>
sealed class SeededEntropy(int seed) : EntropySource
{
    private readonly Random random = new(seed);

    public override void Fill(Span<byte> bytes) => random.NextBytes(bytes);
}

/// <summary>Always the same byte: the least or the most that chance can give.</summary>
sealed class ConstantEntropy(byte value) : EntropySource
{
    public override void Fill(Span<byte> bytes) => bytes.Fill(value);
}
