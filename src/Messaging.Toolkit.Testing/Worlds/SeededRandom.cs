namespace Messaging.Toolkit.Testing.Worlds;

/// <summary>
/// Numbers that are the same for the same seed on every machine and version of .NET. SplitMix64: Steele, Lea and Flood,
/// "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
/// </summary>
internal sealed class SeededRandom(ulong seed)
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    private ulong state = seed;

    /// <summary>A generator whose numbers have nothing to do with those of one with another name.</summary>
    public static SeededRandom For(ulong seed, string name)
    {
        var hash = seed;
        foreach (var character in name)
        {
            hash = Mix(hash + character + GoldenGamma);
        }

        return new SeededRandom(hash);
    }

    /// <summary>A number from 0 to 1, the same for the same arguments.</summary>
    public static double Fraction(ulong seed, ulong index) => ToFraction(Mix(Mix(seed + GoldenGamma) ^ Mix(index + GoldenGamma)));

    public ulong Next() => Mix(state += GoldenGamma);

    /// <summary>From 0 to below the bound.</summary>
    public int Next(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    public int Next(int from, int to) => from + Next(to - from + 1);

    /// <summary>From 0 (inclusive) to 1 (exclusive).</summary>
    public double NextFraction() => ToFraction(Next());

    public bool Chance(double probability) => NextFraction() < probability;

    public TimeSpan Between(TimeSpan shortest, TimeSpan longest) => shortest + ((longest - shortest) * NextFraction());

    public T Pick<T>(IReadOnlyList<T> from) => from[Next(from.Count)];

    private static double ToFraction(ulong value) => (value >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
