namespace Messaging.Toolkit.Messages;

/// <summary>Bounds on what may be published. Whatever is over them is refused at the call, before anything is stored.</summary>
public sealed class MessageLimits
{
    /// <summary>The longest ordering key, in bytes of UTF-8. Fixed, because keys are indexed by brokers and databases.</summary>
    public const int MaxKeyBytes = 512;

    /// <summary>The longest name of a message type or an endpoint, in characters. Fixed, because they are columns of the tables.</summary>
    public const int MaxNameLength = 200;

    /// <summary>The largest serialized body, in bytes. Default 1 MiB; from 1 byte to 128 MiB.</summary>
    public int MaxBodyBytes { get; set; } = 1024 * 1024;

    /// <summary>The number of the application's own headers. Default 64; from 0 to 1,000.</summary>
    public int MaxHeaderCount { get; set; } = 64;

    /// <summary>Names and values of the application's own headers together, in characters. Default 16,384; from 0 to 1 Mi.</summary>
    public int MaxHeaderLength { get; set; } = 16 * 1024;

    internal IEnumerable<string> Validate()
    {
        if (MaxBodyBytes is < 1 or > 128 * 1024 * 1024)
        {
            yield return $"Limits.MaxBodyBytes is {MaxBodyBytes}: set it between 1 and {128 * 1024 * 1024} (128 MiB).";
        }

        if (MaxHeaderCount is < 0 or > 1000)
        {
            yield return $"Limits.MaxHeaderCount is {MaxHeaderCount}: set it between 0 and 1000.";
        }

        if (MaxHeaderLength is < 0 or > 1024 * 1024)
        {
            yield return $"Limits.MaxHeaderLength is {MaxHeaderLength}: set it between 0 and {1024 * 1024}.";
        }
    }
}
