using System.Globalization;

namespace Samples.Demo;

/// <summary>Reads arguments that are pairs of an option and its value.</summary>
public static class DemoArguments
{
    /// <summary>The options and their values, in their order.</summary>
    /// <exception cref="DemoException">The last one has no value.</exception>
    public static IEnumerable<(string Option, string Value)> Pairs(string[] args)
    {
        for (var i = 0; i < args.Length; i += 2)
        {
            yield return (args[i], i + 1 < args.Length ? args[i + 1] : throw new DemoException($"{args[i]}: its value is missing."));
        }
    }

    /// <summary>Reads the value of an option that is one of some words.</summary>
    public static string Choice(string option, string value, params IReadOnlyList<string> words)
        => words.Contains(value)
            ? value
            : throw new DemoException($"{option} {value}: choose {string.Join(", ", words.SkipLast(1).Select(word => $"'{word}'"))} or '{words[^1]}'.");

    /// <summary>Reads the value of an option that is a number.</summary>
    public static int Number(string option, string value, int min, int max)
        => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new DemoException($"{option} {value}: choose a number from {min} to {max}.");
}
