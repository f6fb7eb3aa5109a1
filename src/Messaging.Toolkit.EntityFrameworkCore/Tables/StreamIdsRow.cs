namespace Messaging.Toolkit.EntityFrameworkCore.Tables;

/// <summary>The messages of a stream that one transaction has settled, so that a copy of one that comes later is known.</summary>
public sealed class StreamIdsRow
{
    /// <summary>The row.</summary>
    public long Id { get; set; }

    /// <summary>The endpoint.</summary>
    public required string Endpoint { get; set; }

    /// <summary>The stream.</summary>
    public required string Stream { get; set; }

    /// <summary>How many ids were remembered in the stream up to and with these.</summary>
    public long Total { get; set; }

    /// <summary>The messages' ids, 16 bytes each, in their order, as they are written: most significant byte first.</summary>
    public required byte[] Ids { get; set; }
}
