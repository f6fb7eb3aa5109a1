using System.Runtime.CompilerServices;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Runtime;
using Messaging.Toolkit.Tests.Runtime;

namespace Messaging.Toolkit.Tests.Outbox;

public sealed class RelayWindowTests
{
    private const long Bytes = 1024 * 1024;
    private static readonly int[] Buckets = [1, 2, 3];
    private readonly RelayWindow window = new(["a", "b"], 16, Bytes);
    private long lastId;

    [Fact]
    public void An_empty_window_has_all_its_room_for_every_destination()
    {
        var query = window.NextQuery(Buckets)!;

        Rooms().Should().BeEquivalentTo([("a", 16, 0), ("b", 16, 0)]);
        query.Buckets.Should().Equal(Buckets);
        query.Destinations.Should().OnlyContain(room => room.Excluded.Count == 0 && room.HeldKeys.Count == 0);
        window.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void A_destination_that_does_not_confirm_fills_its_own_room_and_nobody_elses()
    {
        var a = Add("a", 16);

        Rooms().Should().Equal(("b", 16, 0));
        Add("b", 16);
        window.NextQuery(Buckets).Should().BeNull("there is no room anywhere");

        Confirm(a.Take(7));
        window.NextQuery(Buckets).Should().BeNull("reading for seven rows of sixteen is not worth it");
        Confirm(a.Skip(7).Take(1));
        Rooms().Should().Equal(("a", 8, 16));
        window.Remove(window.RowsToDelete);
        Rooms().Should().Equal(("a", 8, 8));
    }

    [Fact]
    public void A_destination_that_gives_back_is_left_alone_for_longer_and_longer_and_the_others_go_on()
    {
        var time = new ManualTimeProvider();
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), new SeededEntropy(1));
        var pausing = new RelayWindow(["a", "b"], 16, Bytes, () => new DestinationPause(backoff, time));
        var id = 0L;
        var pauses = new List<TimeSpan>();
        for (var round = 0; round < 6; round++)
        {
            Names().Should().Equal("a", "b");
            var record = Send();
            pausing.Return(record);
            Names().Should().Equal("b");
            pauses.Add(pausing.NextTry!.Value);
            time.Advance(pausing.NextTry!.Value - TimeSpan.FromTicks(1));
            Names().Should().Equal("b");
            time.Advance(TimeSpan.FromTicks(1));
            pausing.NextTry.Should().BeNull();
        }

        pauses[0].Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(1));
        pauses.Skip(2).Should().OnlyContain(pause => pause >= TimeSpan.FromSeconds(2) && pause <= TimeSpan.FromSeconds(4));

        var (good, bad) = (Send(), Send());
        pausing.Confirm(good, out _);
        pausing.Return(bad);
        pausing.NextTry.Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(1), "it has confirmed something, so it is not away");

        IEnumerable<string> Names() => pausing.NextQuery(Buckets)!.Destinations.Select(room => room.Destination);

        OutboxRecord Send()
        {
            var record = new OutboxRecord { Id = ++id, Destination = "a", Bucket = 1, MessageId = Guid.Empty, Type = "t", Headers = "{}", Body = [] };
            var envelope = new MessageEnvelope { Id = Guid.Empty, Type = "t", Source = "/", Time = default, ContentType = "c", ConversationId = Guid.Empty, Body = default };
            pausing.Add([(record, envelope)]).Should().ContainSingle();
            return record;
        }
    }

    [Fact]
    public void What_comes_back_together_is_one_pause()
    {
        var time = new ManualTimeProvider();
        var pause = new DestinationPause(new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), new SeededEntropy(1)), time);

        pause.Begin();
        var left = pause.Left;
        for (var i = 0; i < 100; i++)
        {
            pause.Begin();
        }

        pause.Left.Should().Be(left);
    }

    [Fact]
    public void A_row_that_is_under_way_is_not_sent_again()
    {
        var records = Add("a", 2);

        window.Add(With([records[0], Record("a", null), records[1]])).Should().ContainSingle().Which.Token.Should().Be(lastId);

        window.NextQuery(Buckets)!.Destinations.Single(room => room.Destination == "a").Excluded.Should().BeEquivalentTo([records[0].Id, records[1].Id, lastId]);
        window.Find(records[0].Id).Should().BeSameAs(records[0]);
        window.Find(4711).Should().BeNull();
    }

    [Fact]
    public void A_key_of_which_a_row_was_given_back_goes_on_with_a_page_that_is_read_after_that()
    {
        window.NextQuery(Buckets);
        var first = Add("a", 1, "k")[0];
        window.NextQuery(Buckets);
        var second = Record("a", "k"); // Read while the first was under way.
        window.Return(first);

        window.Add(With([second])).Should().BeEmpty("the first would come after it");
        window.HasRoomForMore.Should().BeTrue();

        window.NextQuery(Buckets);
        window.Add(With([first, second])).Select(message => (message.Token, message.ResumesKey)).Should().Equal((first.Id, true), (second.Id, false));
    }

    [Fact]
    public void It_goes_on_when_nothing_more_of_it_is_under_way()
    {
        window.NextQuery(Buckets);
        var records = Add("a", 2, "k");
        window.Return(records[0]);

        HeldKeys().Should().Equal("a k");
        Confirm([records[1]]).Should().BeTrue("somebody must look for it now");
        HeldKeys().Should().BeEmpty();
    }

    [Fact]
    public void Other_keys_and_rows_without_one_do_not_wait_for_it()
    {
        window.NextQuery(Buckets);
        var records = Add("a", 2, "k");
        window.Return(records[0]);

        window.Add(With([Record("a", "l"), Record("a", null), Record("b", "k")])).Should().HaveCount(3).And.OnlyContain(message => !message.ResumesKey);
    }

    [Fact]
    public void A_row_that_ended_leaves_nothing_behind()
    {
        var records = Add("a", 2, "k");
        Confirm([.. Add("a", 14), .. records]);

        window.Remove([.. window.RowsToDelete, 4711]);
        window.Remove([records[0].Id]);

        window.IsEmpty.Should().BeTrue();
        window.Find(records[0].Id).Should().BeNull();
        Rooms().Should().BeEquivalentTo([("a", 16, 0), ("b", 16, 0)]);
        HeldKeys().Should().BeEmpty();
        window.HasBucket(records[0].Bucket).Should().BeFalse();
    }

    [Fact]
    public void A_bucket_is_busy_as_long_as_one_row_of_it_is_under_way()
    {
        var one = Record("a", null, bucket: 1);
        var two = Record("b", null, bucket: 1);
        window.Add(With([one, two]));

        window.HasBucket(1).Should().BeTrue();
        window.HasBucket(2).Should().BeFalse();
        Confirm([one]);
        window.Remove([one.Id]);
        window.HasBucket(1).Should().BeTrue();
        Confirm([two]);
        window.HasBucket(1).Should().BeTrue("whoever had the bucket next would read the row before it is deleted");
        window.Remove([two.Id]);
        window.HasBucket(1).Should().BeFalse();
    }

    [Fact]
    public void A_key_with_its_share_under_way_is_held_until_half_of_it_is_done()
    {
        var records = Add("a", 2, "k"); // Its share of the window.
        Add("a", 1, "other");
        Add("b", 1, "k");

        HeldKeys().Should().Equal("a k");
        Confirm([records[0]]).Should().BeTrue("the rows of that key can be read now");
        HeldKeys().Should().BeEmpty();
    }

    [Fact]
    public void What_a_page_has_over_a_keys_share_is_left_for_later()
    {
        var page = Enumerable.Range(0, 5).Select(_ => Record("a", "k")).Append(Record("a", "other")).ToList();

        window.Add(With(page)).Select(message => message.Token).Should().Equal(page[0].Id, page[1].Id, page[5].Id);
    }

    [Fact]
    public void Large_rows_fill_the_window_by_their_bytes()
    {
        OutboxRecord Large() => Record("a", null) with { Body = new byte[300 * 1024] };
        var page = Enumerable.Range(0, 6).Select(_ => Large()).ToList();

        window.Add(With(page)).Should().HaveCount(4, "the fourth goes over the bound, the fifth finds it full");
        window.HasRoomForMore.Should().BeFalse();

        Confirm(page.Take(2));
        window.HasRoomForMore.Should().BeTrue("what was left is read again");
        window.Remove(window.RowsToDelete);
        Rooms().Should().BeEquivalentTo([("a", 1, 2), ("b", 16, 0)], "one more row of that size is expected to fit");
    }

    [Fact]
    public void A_row_of_a_destination_that_nobody_knows_is_left_alone()
    {
        window.Add(With([Record("A", null)])).Should().BeEmpty();
        window.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void Rows_without_a_key_are_never_held()
    {
        Add("a", 10);
        HeldKeys().Should().BeEmpty();
    }

    [Fact]
    public void Only_when_there_was_more_than_was_read_is_there_a_reason_to_look_at_once()
    {
        var query = window.NextQuery(Buckets)!;
        var page = Enumerable.Range(0, 16).Select(_ => Record("a", null)).ToList();
        window.NotePages(query, [.. page, Record("b", null)]);
        window.Add(With(page));

        Confirm(page.Take(7));
        window.HasRoomForMore.Should().BeFalse("there is too little room");
        Confirm([page[7]]);
        window.HasRoomForMore.Should().BeTrue("there was a full page for 'a', and now there is room for more");

        window.NotePages(window.NextQuery(Buckets)!, [Record("a", null)]);
        Confirm([page[8]]);
        window.HasRoomForMore.Should().BeFalse("the last page was not full");
    }

    [Fact]
    public void Rows_are_deleted_when_there_are_many()
    {
        var records = Add("a", 16);
        window.HasRowsToDelete.Should().BeFalse();

        records.Select(record => window.Confirm(record, out _)).Should().Equal([true, .. Enumerable.Repeat(false, 6), true, .. Enumerable.Repeat(false, 8)], "the first, and half of the window");
        window.RowsToDelete.Should().BeEquivalentTo(records.Select(record => record.Id));
        window.Remove(window.RowsToDelete);

        var next = Add("a", 9);
        Confirm(next.Take(7));
        window.IsWorthDeleting.Should().BeFalse("more may be confirmed soon");
        Confirm(next.Skip(7).Take(1));
        window.IsWorthDeleting.Should().BeTrue("there are eight");
        window.Remove(window.RowsToDelete);
        window.IsWorthDeleting.Should().BeFalse();
        window.IsEmpty.Should().BeFalse("one is under way");
        Confirm(next.Skip(8));
        window.IsEmpty.Should().BeFalse("one row is still there");
    }

    [Fact]
    public void A_statement_deletes_no_more_rows_than_a_database_takes_at_once()
    {
        var large = new RelayWindow(["a"], 10_000, long.MaxValue);
        var page = Enumerable.Range(0, 2500).Select(row => Record("a", null)).ToList();
        large.Add(With(page));
        page.ForEach(record => large.Confirm(record, out _));

        var sizes = new List<int>();
        while (large.HasRowsToDelete)
        {
            sizes.Add(large.RowsToDelete.Count);
            large.Remove(large.RowsToDelete);
        }

        sizes.Should().Equal(1000, 1000, 500);
    }

    [Fact]
    public void Who_wakes_the_relay_while_there_is_no_room_is_not_forgotten()
    {
        var records = Add("a", 16);
        window.NotePages(window.NextQuery(Buckets)!, []);

        window.HasRoomForMore.Should().BeFalse("there is no room");
        Confirm(records.Take(8));
        window.HasRoomForMore.Should().BeTrue("something was committed for all that is known");
    }

    /// <summary>The rows are of a size that nobody expected: the window asks for no more than there is room for, in rows and in bytes.</summary>
    [Fact]
    public void A_page_that_was_cut_short_by_its_bytes_is_read_on()
    {
        Add("a", 7);
        var query = window.NextQuery(Buckets)!;
        query.Destinations.Should().OnlyContain(room => room.Bytes == Bytes);
        var page = new[] { Record("a", null) with { Body = new byte[Bytes] } };
        window.NotePages(query, page);
        window.Add(With(page));
        window.HasRoomForMore.Should().BeFalse("it is full");

        Confirm(page);
        window.HasRoomForMore.Should().BeTrue("there may be more");
        Add("a", 1, bodyBytes: 100);
        window.NextQuery(Buckets)!.Destinations.Select(room => room.Bytes).Should().Equal(Bytes - 100, Bytes);
    }

    /// <summary>The budget of a relay: one page and one deletion for a thousand messages, however few are confirmed at once.</summary>
    [Fact]
    public void A_thousand_messages_cost_two_statements()
    {
        const int Messages = 20_000;
        var ofDefaultSize = new RelayWindow(["a"], new OutboxOptions().Window, long.MaxValue);
        var underWay = new Queue<OutboxRecord>();
        var (pages, deletions, deleted) = (0, 0, 0);
        while (deleted < Messages)
        {
            if (ofDefaultSize.NextQuery(Buckets) is { } query && lastId < Messages)
            {
                pages++;
                var page = Enumerable.Range(0, query.Destinations.Single().Room).Select(row => Record("a", $"key {row}")).ToList();
                ofDefaultSize.Add(With(page));
                page.ForEach(underWay.Enqueue);
            }

            for (var i = 0; i < 50; i++)
            {
                ofDefaultSize.Confirm(underWay.Dequeue(), out _);
            }

            if (ofDefaultSize.IsWorthDeleting)
            {
                deletions++;
                deleted += ofDefaultSize.RowsToDelete.Count;
                ofDefaultSize.Remove(ofDefaultSize.RowsToDelete);
            }
        }

        pages.Should().BeLessThanOrEqualTo(Messages / 1000);
        deletions.Should().BeLessThanOrEqualTo(Messages / 1000);
    }

    [Fact]
    public void A_destination_that_paused_is_tried_at_once_by_a_new_sender()
    {
        var pausing = new RelayWindow(["a"], 16, Bytes, () => new DestinationPause(new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), new SeededEntropy(1)), new ManualTimeProvider()));
        var record = Record("a", "k");
        pausing.Add(With([record]));
        pausing.Return(record);
        pausing.NextQuery(Buckets).Should().BeNull();

        pausing.ForgetInFlight().Should().Be(0);

        pausing.NextTry.Should().BeNull();
        pausing.NextQuery(Buckets)!.Destinations.Single().HeldKeys.Should().BeEmpty();
    }

    [Fact]
    public void A_row_that_was_confirmed_is_not_sent_again_before_it_is_deleted()
    {
        var record = Add("a", 1)[0];
        Confirm([record]);

        window.Add(With([record])).Should().BeEmpty();
        window.Find(record.Id).Should().BeNull();
        window.Confirm(record, out _).Should().BeFalse("a broker may say it twice");
        window.RowsToDelete.Should().Equal(record.Id);
    }

    [Fact]
    public void A_row_that_was_confirmed_holds_no_body()
    {
        var body = ConfirmOne();
        GC.Collect();

        body.IsAlive.Should().BeFalse("the window's bytes count what is under way, and it is not");
        window.RowsToDelete.Should().ContainSingle();

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference ConfirmOne()
        {
            var record = Record("a", null) with { Body = new byte[1000] };
            window.Add(With([record]));
            window.Confirm(record, out _);
            return new WeakReference(record.Body);
        }
    }

    [Fact]
    public void While_rows_are_not_deleted_no_more_are_read_than_twice_the_window()
    {
        Confirm(Add("a", 16));
        Rooms().Should().Contain(("a", 16, 16));

        var next = Add("a", 16);
        Confirm(next);
        window.NextQuery(Buckets)!.Destinations.Should().ContainSingle().Which.Destination.Should().Be("b");
        window.Remove(window.RowsToDelete);
        Rooms().Should().Contain(("a", 16, 0));
    }

    [Fact]
    public void When_the_sender_breaks_only_what_was_confirmed_is_remembered()
    {
        window.NextQuery(Buckets);
        var records = Add("a", 4, null);
        var keyed = Add("a", 2, "k");
        Confirm(records.Take(1));

        window.ForgetInFlight().Should().Be(5);

        Rooms().Should().Contain(("a", 16, 1));
        HeldKeys().Should().BeEmpty();
        window.HasBucket(records[0].Bucket).Should().BeTrue();
        window.RowsToDelete.Should().Equal(records[0].Id);
        window.Add(With([.. records, .. keyed])).Select(message => message.Token).Should().Equal([.. records.Skip(1).Select(record => record.Id), .. keyed.Select(record => record.Id)]);
        window.Remove(window.RowsToDelete);
        Confirm([.. records.Skip(1), .. keyed]);
        window.Remove(window.RowsToDelete);
        window.IsEmpty.Should().BeTrue();
        window.HasBucket(records[0].Bucket).Should().BeFalse();
    }

    [Fact]
    public void The_smallest_window_still_moves()
    {
        var smallest = new RelayWindow(["a"], 1, Bytes);
        var record = Record("a", "k");

        smallest.NextQuery(Buckets)!.Destinations.Should().ContainSingle().Which.Room.Should().Be(1);
        smallest.Add(With([record]));
        smallest.NextQuery(Buckets).Should().BeNull();
        smallest.Confirm(record, out _).Should().BeTrue();
        smallest.IsWorthDeleting.Should().BeTrue();
        smallest.NextQuery(Buckets)!.Destinations.Single().HeldKeys.Should().BeEmpty();
    }

    private IEnumerable<(string Destination, int Room, int Excluded)> Rooms()
        => window.NextQuery(Buckets)!.Destinations.Select(room => (room.Destination, room.Room, room.Excluded.Count));

    private IEnumerable<string> HeldKeys()
        => window.NextQuery(Buckets)!.Destinations.SelectMany(room => room.HeldKeys, (room, key) => $"{room.Destination} {key}");

    /// <summary>True if rows of one of the keys may be read again.</summary>
    private bool Confirm(IEnumerable<OutboxRecord> records)
    {
        var isKeyFree = false;
        foreach (var record in records)
        {
            window.Confirm(record, out var isThisFree);
            isKeyFree |= isThisFree;
        }

        return isKeyFree;
    }

    private List<OutboxRecord> Add(string destination, int count, string? key = null, int bodyBytes = 0)
    {
        var records = Enumerable.Range(0, count).Select(_ => Record(destination, key) with { Body = new byte[bodyBytes] }).ToList();
        window.Add(With(records)).Select(message => message.Token).Should().Equal(records.Select(record => record.Id));
        return records;
    }

    /// <summary>The window passes envelopes through without a look.</summary>
    private static IEnumerable<(OutboxRecord, MessageEnvelope)> With(IEnumerable<OutboxRecord> records) => records.Select(record => (record, (MessageEnvelope)null!));

    private OutboxRecord Record(string destination, string? key, int bucket = 5) => new()
    {
        Id = ++lastId,
        Destination = destination,
        Bucket = bucket,
        Key = key,
        MessageId = Guid.CreateVersion7(),
        Type = "t",
        Headers = "{}",
        Body = [],
    };
}
