using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Tests.Diagnostics;
using Messaging.Toolkit.Tests.Runtime;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Tests.Budgets;

/// <summary>How many bytes the relay may allocate for a message beside what drivers and brokers do. They are counted, so that no machine is too slow for it.</summary>
[Collection(Alone.Name)]
public sealed class AllocationBudgetTests
{
    private const int Messages = 1_000;

    private static readonly MessageEnvelope Envelope = new()
    {
        Id = Guid.CreateVersion7(), Type = "shop.order-placed", Source = "/shop", Time = ManualTimeProvider.Start, ContentType = "application/json", Key = "customer-1",
        ConversationId = Guid.CreateVersion7(), CausationId = Guid.CreateVersion7(), Body = new byte[300],
    };

    [Fact]
    public void The_stored_headers_of_a_message_are_read_into_its_envelope_and_nothing_else()
    {
        var headers = EnvelopeHeaders.Write(Envelope);

        BytesPerMessage(() => EnvelopeHeaders.Read(Envelope.Id, Envelope.Type, Envelope.Key, headers, Envelope.Body)).Should().BeLessThanOrEqualTo(300);
    }

    [Fact]
    public void Keeping_a_message_under_way_costs_little_more_than_the_message()
    {
        var window = new RelayWindow(["billing"], Messages, long.MaxValue);
        var records = Enumerable.Range(1, Messages).Select(id => new OutboxRecord
        {
            Id = id, Destination = "billing", Bucket = id % 64, MessageId = Envelope.Id, Type = Envelope.Type, Key = $"customer-{id}", Headers = "{}", Body = [],
        }).ToList();

        Bytes(() =>
        {
            var query = window.NextQuery([1, 2, 3])!;
            window.NotePages(query, records);
            window.Add(records.Select(record => (record, Envelope)));
            records.ForEach(record => window.Confirm(record, out _));
            window.Remove(window.RowsToDelete);
        }).Should().BeLessThanOrEqualTo(200 * Messages);
    }

    /// <summary>The floor is what the user's own scope, message and handler cost.</summary>
    [Fact]
    public async Task Bringing_a_message_to_its_handler_costs_a_kilobyte_at_most()
    {
        const int Group = 32;
        const int Groups = 20;
        await using var dispatching = new Dispatching();
        var group = Dispatching.NewGroup(Group);

        var floor = await BytesAsync(dispatching.CallAsync);
        var bytes = await BytesAsync(dispatching.DispatchAsync);

        dispatching.Handled.Should().Be(4 * Groups * Group);
        ((bytes - floor) / (Groups * Group)).Should().BeLessThanOrEqualTo(1024);

        async Task<long> BytesAsync(Func<Delivery[], Task> work)
        {
            var bytes = 0L;
            for (var round = 0; round < 2; round++)
            {
                // In the first things are made once.
                var (thread, before) = (Environment.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread());
                for (var i = 0; i < Groups; i++)
                {
                    await work(group);
                }

                bytes = GC.GetAllocatedBytesForCurrentThread() - before;
                Environment.CurrentManagedThreadId.Should().Be(thread, "the bytes of another thread would not be counted");
            }

            return bytes;
        }
    }

    private static long BytesPerMessage(Action each) => Bytes(() =>
    {
        for (var i = 0; i < Messages; i++)
        {
            each();
        }
    }) / Messages;

    private static long Bytes(Action work)
    {
        work(); // What is made once.
        var before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
