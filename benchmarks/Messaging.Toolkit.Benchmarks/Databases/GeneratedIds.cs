namespace Messaging.Toolkit.Benchmarks.Databases;

/// <summary>Ids that PostgreSQL makes itself, where it makes rows by the million.</summary>
internal static class GeneratedIds
{
    /// <summary>An expression: a version 7 UUID of that time (an expression, too), told from others of it by that number.</summary>
    public static string Version7(string time, string number)
        => $"(lpad(to_hex((extract(epoch FROM {time}) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex({number} & 4095), 3, '0') || '8' || substr(md5({number}::text || random()::text), 1, 15))::uuid";
}
