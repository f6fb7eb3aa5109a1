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
        query.Destinations.Should().OnlyContain(room => room.InFlight.Count == 0 && room.HeldKeys.Count == 0);
        window.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void A_destination_that_does_not_confirm_fills_its_own_room_and_nobody_elses()
    {
        var a = Add("a", 16);

        Rooms().Should().Equal(("b", 16, 0));
        Add("b", 16);
        window.NextQuery(Buckets).Should().BeNull("there is no room anywhere");

        window.Remove(a.Take(3).Select(record => record.Id));
        window.NextQuery(Buckets).Should().BeNull("reading for three rows is not worth it");
        window.Remove([a[3].Id]);
        Rooms().Should().Equal(("a", 4, 12));
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
        pausing.Remove([good.Id]);
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

        window.NextQuery(Buckets)!.Destinations.Single(room => room.Destination == "a").InFlight.Should().BeEquivalentTo([records[0].Id, records[1].Id, lastId]);
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
        window.HasMore.Should().BeTrue();

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
        window.Remove([records[1].Id]).Should().BeTrue("somebody must look for it now");
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
        Add("a", 14).ForEach(record => window.Remove([record.Id]));

        window.Remove([.. records.Select(record => record.Id), 4711]);
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
        window.Remove([one.Id]);
        window.HasBucket(1).Should().BeTrue();
        window.Remove([two.Id]);
        window.HasBucket(1).Should().BeFalse();
    }

    [Fact]
    public void A_key_with_its_share_under_way_is_held_until_half_of_it_is_done()
    {
        var records = Add("a", 2, "k"); // An eighth of the window.
        Add("a", 1, "other");
        Add("b", 1, "k");

        HeldKeys().Should().Equal("a k");
        window.Remove([records[0].Id]).Should().BeTrue("the rows of that key can be read now");
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
        Rooms().Should().Equal(("b", 16, 0));
        window.HasMore.Should().BeTrue("what was left is read again");

        window.Remove([page[0].Id, page[1].Id]).Should().BeTrue();
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

        window.Remove(page.Take(3).Select(record => record.Id)).Should().BeFalse("there is too little room");
        window.Remove([page[3].Id]).Should().BeTrue("there was a full page for 'a', and now there is room for more");

        window.NotePages(window.NextQuery(Buckets)!, [Record("a", null)]);
        window.Remove([page[4].Id]).Should().BeFalse("the last page was not full");
    }

    [Fact]
    public void The_smallest_window_still_moves()
    {
        var smallest = new RelayWindow(["a"], 1, Bytes);
        var record = Record("a", "k");

        smallest.NextQuery(Buckets)!.Destinations.Should().ContainSingle().Which.Room.Should().Be(1);
        smallest.Add(With([record]));
        smallest.NextQuery(Buckets).Should().BeNull();
        smallest.Remove([record.Id]);
        smallest.NextQuery(Buckets)!.Destinations.Single().HeldKeys.Should().BeEmpty();
    }

    private IEnumerable<(string Destination, int Room, int InFlight)> Rooms()
        => window.NextQuery(Buckets)!.Destinations.Select(room => (room.Destination, room.Room, room.InFlight.Count));

    private IEnumerable<string> HeldKeys()
        => window.NextQuery(Buckets)!.Destinations.SelectMany(room => room.HeldKeys, (room, key) => $"{room.Destination} {key}");

    private List<OutboxRecord> Add(string destination, int count, string? key = null)
    {
        var records = Enumerable.Range(0, count).Select(_ => Record(destination, key)).ToList();
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
