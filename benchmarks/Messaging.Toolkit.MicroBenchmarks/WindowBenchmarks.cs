using BenchmarkDotNet.Attributes;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;

namespace Messaging.Toolkit.MicroBenchmarks;

/// <summary>What the relay remembers of a message from its page to its deletion, for each of 1,000.</summary>
public class WindowBenchmarks
{
    private const int Page = 1_000;

    private static readonly MessageEnvelope Envelope = new()
    {
        Id = Guid.CreateVersion7(), Type = "shop.order-placed", Source = "/shop", Time = DateTimeOffset.UnixEpoch, ContentType = "application/json", ConversationId = Guid.CreateVersion7(), Body = new byte[300],
    };

    private readonly int[] buckets = [.. Enumerable.Range(0, OutboxOptions.Buckets)];
    private readonly RelayWindow window = new(["billing"], new OutboxOptions().Window, long.MaxValue);
    private readonly List<OutboxRecord> records = [.. Enumerable.Range(1, Page).Select(id => new OutboxRecord
    {
        Id = id, Destination = "billing", Bucket = id % OutboxOptions.Buckets, MessageId = Envelope.Id, Type = Envelope.Type, Key = $"customer-{id}", Headers = "{}", Body = [],
    })];

    [Benchmark(OperationsPerInvoke = Page)]
    public int PageAndDeletion()
    {
        var query = window.NextQuery(buckets)!;
        window.NotePages(query, records);
        var added = window.Add(records.Select(record => (record, Envelope)));
        records.ForEach(record => window.Confirm(record, out _));
        window.Remove(window.RowsToDelete);
        return added.Count;
    }
}
