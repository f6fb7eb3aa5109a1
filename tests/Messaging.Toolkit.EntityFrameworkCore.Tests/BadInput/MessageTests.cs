using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Databases;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Shop;
using Messaging.Toolkit.EntityFrameworkCore.Tests.Writing;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.BadInput;

/// <summary>What cannot be published fails in the caller's hands, says what to do, tells nobody what was in it, and takes nothing else along.</summary>
public sealed class MessageTests
{
    private const string Secret = "4111-1111-1111-1111";

    [Fact]
    public Task Nothing_is_no_message() => RefusedAsync<ArgumentNullException>(bus => bus.Publish(null!), "*message*");

    [Fact]
    public Task A_type_that_is_not_registered_is_refused()
        => RefusedAsync<MessagingException>(bus => bus.Publish(new Unregistered(Secret)), "*Unregistered is not a registered message*.Event<Unregistered>*");

    [Fact]
    public Task A_type_derived_from_a_registered_one_is_refused()
        => RefusedAsync<MessagingException>(bus => bus.Publish(new DerivedNote { Text = Secret }), "*DerivedNote is not a registered message*");

    [Fact]
    public Task An_event_cannot_be_sent()
        => RefusedAsync<MessagingException>(bus => bus.Send(new OrderPlaced(Secret)), "*'shop.order-placed' is registered as an event*use Publish*");

    [Fact]
    public Task A_command_cannot_be_published()
        => RefusedAsync<MessagingException>(bus => bus.Publish(new ChargeCard(Secret)), "*'billing.charge-card' is registered as a command*use Send*");

    [Fact]
    public Task A_body_over_the_limit_is_refused()
        => RefusedAsync<MessagingException>(bus => bus.Publish(new Note { Text = Secret + new string('x', 10_000) }), "*'test.note'*limit of 10000 bytes*MaxBodyBytes*reference*");

    [Fact]
    public async Task A_body_of_just_the_limit_is_fine()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new Plain(new string('x', 10_000 - """{"text":""}""".Length)));
            bus.Invoking(x => x.Publish(new Plain(new string('x', 10_001 - """{"text":""}""".Length)))).Should().Throw<MessagingException>();
            await db.SaveChangesAsync();
        });

        (await shop.OutboxAsync()).Should().ContainSingle().Which.Body.Should().HaveCount(10_000);
    }

    [Fact]
    public Task An_object_with_a_cycle_is_refused()
    {
        var note = new Note { Text = Secret };
        note.Inner = note;
        return RefusedAsync<MessagingException>(bus => bus.Publish(note), "*'test.note'*cannot be serialized (JsonException)*no cycles*");
    }

    [Fact]
    public Task An_object_that_is_too_deep_is_refused()
    {
        var note = new Note { Text = Secret };
        for (var depth = 0; depth < 100; depth++)
        {
            note = new Note { Inner = note };
        }

        return RefusedAsync<MessagingException>(bus => bus.Publish(note), "*'test.note'*cannot be serialized (JsonException)*no depth*");
    }

    [Fact]
    public Task An_object_that_throws_when_it_is_read_is_refused()
        => RefusedAsync<MessagingException>(bus => bus.Publish(new Note { Text = Secret, Throws = true }), "*'test.note'*cannot be serialized (NotSupportedException)*");

    [Fact]
    public Task A_type_that_the_serializer_does_not_know_is_refused()
        => RefusedAsync<MessagingException>(bus => bus.Publish(new Note { Text = Secret, Anything = typeof(string) }), "*'test.note'*cannot be serialized (NotSupportedException)*");

    [Fact]
    public Task A_number_that_JSON_does_not_have_is_refused()
        => RefusedAsync<MessagingException>(bus => bus.Publish(new Note { Text = Secret, Number = double.NaN }), "*'test.note'*cannot be serialized*");

    [Fact]
    public Task A_key_that_throws_when_it_is_read_is_refused()
        => RefusedAsync<MessagingException>(bus => bus.Publish(new Note { Text = Secret, KeyThrows = true }), "*'test.note'*KeyedBy threw NotSupportedException*");

    [Theory]
    [InlineData("", "*the key is empty: return null*")]
    [InlineData("a\0b", "*the key contains a control character*")]
    [InlineData("a\nb", "*the key contains a control character*")]
    [InlineData("a\u007Fb", "*the key contains a control character*")]
    [InlineData("a<lone>b", "*not valid Unicode (a lone surrogate)*")]
    [InlineData("a<lone>", "*not valid Unicode (a lone surrogate)*")]
    public async Task A_key_that_a_database_or_broker_could_not_carry_is_refused(string key, string message)
    {
        await RefusedAsync<MessagingException>(bus => bus.Publish(new Note { Text = Secret }, options => options.Key = WithLone(key)), message);
        await RefusedAsync<MessagingException>(bus => bus.Publish(new Note { Text = Secret, Key = WithLone(key) }), message);
    }

    [Theory]
    [InlineData("4", 10 * 1024)]
    [InlineData("4", 513)]
    [InlineData("ä", 257)]
    [InlineData("🛒", 129)]
    public Task A_key_that_is_too_long_is_refused(string part, int times)
        => RefusedAsync<MessagingException>(
            bus => bus.Publish(new Note(), options => options.Key = string.Concat(Enumerable.Repeat(part, times))), "*the key has * bytes, the limit is 512*an id or a hash*");

    [Theory]
    [InlineData("ce_id")]
    [InlineData("CE_anything")]
    [InlineData("ce-id")]
    [InlineData("cloudEvents:id")]
    [InlineData("cloudevents_id")]
    [InlineData("traceparent")]
    [InlineData("TraceState")]
    [InlineData("Content-Type")]
    public Task A_header_name_that_is_taken_is_refused(string name)
        => RefusedAsync<MessagingException>(bus => bus.Publish(new Note(), options => options.Headers[name] = Secret), "*header name*");

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\r\nb")]
    [InlineData("a:b")]
    [InlineData("ä")]
    [InlineData("a\0")]
    public Task A_header_name_that_is_no_token_is_refused(string name)
        => RefusedAsync<MessagingException>(bus => bus.Publish(new Note(), options => options.Headers[name] = Secret), "*a header name is empty, longer*or contains*");

    [Theory]
    [InlineData(null)]
    [InlineData(Secret + "\r\nSet-Cookie: x")]
    [InlineData(Secret + "\0")]
    [InlineData(Secret + "<lone>")]
    public Task A_header_value_that_could_not_be_carried_is_refused(string? value)
        => RefusedAsync<MessagingException>(bus => bus.Publish(new Note(), options => options.Headers["name"] = WithLone(value!)), "*the value of header 'name'*");

    [Fact]
    public Task Too_many_headers_are_refused()
        => RefusedAsync<MessagingException>(
            bus => bus.Publish(new Note(), options =>
            {
                for (var i = 0; i < 1000; i++)
                {
                    options.Headers[$"name-{i}"] = Secret;
                }
            }), "*1000 headers, the limit is 64 (Limits.MaxHeaderCount)*");

    [Fact]
    public Task Headers_that_are_too_long_are_refused()
        => RefusedAsync<MessagingException>(
            bus => bus.Publish(new Note(), options => options.Headers["name"] = Secret + new string('x', 20_000)), "*its headers have * characters, the limit is 16384 (Limits.MaxHeaderLength)*");

    [Theory]
    [InlineData("4", 201)]
    [InlineData("<lone>", 1)]
    public Task A_correlation_id_that_could_not_be_carried_is_refused(string part, int times)
        => RefusedAsync<MessagingException>(
            bus => bus.Publish(new Note(), options => options.CorrelationId = WithLone(Secret + string.Concat(Enumerable.Repeat(part, times)))), "*its correlation id*");

    /// <summary>Half a character, which the data of a theory cannot carry either.</summary>
    private static string WithLone(string text) => text?.Replace("<lone>", "\uD83D", StringComparison.Ordinal)!;

    private static async Task RefusedAsync<TException>(Action<IMessageBus> publish, string message) where TException : Exception
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shop = await CreateAsync(database);

        await shop.InScopeAsync(async (db, bus) =>
        {
            bus.Publish(new OrderPlaced("a", 1));
            var exception = bus.Invoking(publish).Should().Throw<TException>().WithMessage(message).Which;
            exception.Message.Should().NotContain(Secret).And.NotContain(new string('4', 10)).And.Match(text => text.Length < 500);
            bus.Publish(new OrderPlaced("a", 2));
            await db.SaveChangesAsync();
        });

        (await shop.PublishedAsync()).Should().Equal(1, 2);
        shop.Log.Lines.Should().NotContain(line => line.Text.Contains(Secret) || line.Level >= LogLevel.Warning);
    }

    private static Task<ShopHost> CreateAsync(TestDatabase database) => ShopHost.CreateAsync(database, m =>
    {
        ShopHost.Standard(m);
        m.Limits(limits => limits.MaxBodyBytes = 10_000)
            .Event<Note>(e => e.Named("test.note").KeyedBy(note => note.KeyThrows ? throw new NotSupportedException(Secret) : note.Key))
            .Event<Plain>(e => e.Named("test.plain"))
            .Endpoint("notes", e => e.Handle<Note, NoteHandler>().Handle<Plain, NoteHandler>());
    });

    private sealed record Unregistered(string Text);

    private sealed record Plain(string Text);

    private class Note
    {
        public string? Text { get; init; }

        public string? Key { get; init; }

        public bool KeyThrows { get; init; }

        public bool Throws { get; init; }

        public double Number { get; init; }

        public object? Anything { get; init; }

        public Note? Inner { get; set; }

        public string? Getter => Throws ? throw new NotSupportedException(Secret) : null;
    }

    private sealed class DerivedNote : Note;

    private sealed class NoteHandler : IHandle<Note>, IHandle<Plain>
    {
        public Task HandleAsync(Note message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(Plain message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
