namespace Messaging.Toolkit.EntityFrameworkCore.Sql;

/// <summary>Ids as bytes, one after another.</summary>
internal static class PackedIds
{
    public const int Size = 16;

    public static byte[] Pack(IReadOnlyCollection<Guid> ids)
    {
        var bytes = new byte[ids.Count * Size];
        var start = 0;
        foreach (var id in ids)
        {
            id.TryWriteBytes(bytes.AsSpan(start, Size), bigEndian: true, out _);
            start += Size;
        }

        return bytes;
    }

    /// <summary>What is left over at the end, in a row that somebody has damaged, is no id.</summary>
    public static IEnumerable<Guid> Unpack(byte[] bytes)
    {
        for (var start = 0; start + Size <= bytes.Length; start += Size)
        {
            yield return new Guid(bytes.AsSpan(start, Size), bigEndian: true);
        }
    }
}
