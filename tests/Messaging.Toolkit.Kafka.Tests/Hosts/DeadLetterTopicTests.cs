using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.DeadLetters;
using Messaging.Toolkit.EntityFrameworkCore.Tables;
using Messaging.Toolkit.Kafka.Tests.Cluster;
using Messaging.Toolkit.Messages;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Toolkit.Kafka.Tests.Hosts;

/// <summary>An endpoint over Kafka whose dead letters go to a topic too.</summary>
public sealed class DeadLetterTopicTests : IAsyncDisposable
{
    private readonly KafkaOptions options = Server.Options();
    private readonly string file = Path.Combine(Path.GetTempPath(), $"dead-letter-topic-{Guid.NewGuid():N}.db");
    private readonly Warnings warnings = new();
    private readonly Faults faults = new();
    private IHost? host;

    private string DeadLetterTopic => options.Prefix + "counter.dead";

    [Fact]
    public async Task A_copy_has_the_body_the_headers_and_the_key_of_the_message_and_says_what_became_of_it()
    {
        await StartAsync();
        faults.Numbers[2] = true;

        await PublishAsync(new Counted("ann", 1), new Counted("ann", 2), new Counted("ann", 3));

        var copy = Copies(1).Should().ContainSingle().Which;
        Encoding.UTF8.GetString(copy.Message.Key!).Should().Be("ann");
        Encoding.UTF8.GetString(copy.Message.Value!).Should().Be("""{"key":"ann","number":2}""");
        var headers = copy.Message.Headers.BackingList.ToDictionary(header => header.Key, header => Encoding.UTF8.GetString(header.GetValueBytes()));
        headers.Should().Contain(new Dictionary<string, string>
        {
            ["ce_type"] = "counted",
            ["content-type"] = "application/json",
            ["tenant"] = "north",
            [DeadLetterHeaders.Endpoint] = "counter",
            [DeadLetterHeaders.Reason] = "its handler failed with InvalidOperationException",
            [DeadLetterHeaders.ExceptionType] = "System.InvalidOperationException",
            [DeadLetterHeaders.Attempts] = "2",
        });
        var letter = (await LettersAsync()).Should().ContainSingle("the store has it all the same").Which;
        headers["ce_id"].Should().Be(letter.MessageId.ToString());
        letter.Headers.Should().NotContain("dead-letter", "its own copy is as it arrived");
        warnings.ToString().Should().NotContain("north");
    }

    [Fact]
    public async Task Copies_of_a_key_have_the_order_in_which_its_letters_died()
    {
        await StartAsync();
        for (var number = 1; number <= 200; number++)
        {
            faults.Numbers[number] = true;
        }

        await PublishAsync([.. Enumerable.Range(1, 200).Select(number => new Counted($"key-{number % 5}", number))]);

        var copies = Copies(200);
        copies.Should().HaveCount(200);
        foreach (var ofKey in copies.GroupBy(copy => Encoding.UTF8.GetString(copy.Message.Key!)))
        {
            ofKey.Select(NumberOf).Should().BeInAscendingOrder().And.HaveCount(40);
        }
    }

    [Fact]
    public async Task A_letter_that_cannot_be_committed_has_no_copy_and_one_when_it_can()
    {
        await StartAsync();
        faults.Numbers[1] = true;

        // The letter and the row of its copy are written, and then their commit fails.
        await ExecuteAsync("CREATE TABLE nobody (id INTEGER PRIMARY KEY); CREATE TABLE gate (id INTEGER REFERENCES nobody(id) DEFERRABLE INITIALLY DEFERRED)");
        await ExecuteAsync("CREATE TRIGGER closed AFTER INSERT ON messaging_outbox WHEN NEW.destination = 'kafka:dead-letters' BEGIN INSERT INTO gate VALUES (1); END");
        await PublishAsync(new Counted("ann", 1), new Counted("bob", 7));
        await Eventually.IsAsync(() => warnings.ToString().Contains("FOREIGN KEY", StringComparison.Ordinal));
        await Eventually.IsAsync(async () => await QueryAsync(db => db.Effects.AnyAsync(effect => effect.Number == 7)));
        (await LettersAsync()).Should().BeEmpty();
        Copies(0).Should().BeEmpty();

        await ExecuteAsync("DROP TRIGGER closed");

        Copies(1).Select(NumberOf).Should().Equal(1);
        (await LettersAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task A_copy_that_was_committed_comes_although_the_process_ends_before_it_is_sent()
    {
        using var mock = new MockCluster();
        options.BootstrapServers = mock.BootstrapServers;
        await StartAsync(mock);
        faults.Numbers[1] = true;

        // What has been received is handled, and nothing can be sent any more.
        faults.Hold();
        await PublishAsync(new Counted("ann", 1));
        await faults.Held;
        mock.Fail(Request.Produce, [.. Enumerable.Repeat(ErrorCode.NotEnoughReplicas, 10_000)]);
        faults.Release();
        await Eventually.IsAsync(async () => (await LettersAsync()).Count == 1);
        await StopAsync();
        (await QueryAsync(db => db.Set<OutboxRow>().CountAsync())).Should().Be(1);
        mock.Heal(Request.Produce);

        await RunAsync(handles: false); // Any process of the application sends it, also one without the endpoint.

        Copies(1).Select(NumberOf).Distinct().Should().Equal(1);
        await StopAsync(); // Before its cluster.
    }

    [Fact]
    public async Task Replaying_a_letter_does_not_take_its_copy_back()
    {
        await StartAsync();
        faults.Numbers[1] = true;
        await PublishAsync(new Counted("ann", 1));
        Copies(1).Should().ContainSingle();

        faults.Numbers.Clear();
        (await host!.Services.GetRequiredService<IDeadLetters>().ReplayAsync(new DeadLetterQuery { Endpoint = "counter" })).Should().Be(1);

        await Eventually.IsAsync(async () => await QueryAsync(db => db.Effects.CountAsync()) == 1);
        Copies(1).Should().ContainSingle();
        (await LettersAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_copy_that_its_topic_does_not_take_is_a_letter_of_the_outbox_and_who_waits_for_a_reply_is_told_once()
    {
        using var mock = new MockCluster();
        options.BootstrapServers = mock.BootstrapServers;
        await CreateTopicsAsync(mock);
        mock.CreateTopic(options.Prefix + "asker.commands", 1);

        // Before the host has a producer: the mock tells what fails to whoever asks about topics, and takes messages from those who have asked before.
        mock.FailTopic(DeadLetterTopic, ErrorCode.TopicAuthorizationFailed);
        await RunAsync();
        faults.Numbers[1] = true;

        await Bare.SendAsync(options, options.Prefix + "counted", "ann"u8.ToArray(), """{"key":"ann","number":1}"""u8.ToArray(),
            ("ce_type", "counted"u8.ToArray()), ("ce_replyto", "asker"u8.ToArray()), ("ce_request", "a question"u8.ToArray()));

        await Eventually.IsAsync(async () => (await LettersAsync()).Count == 2);
        await Eventually.IsAsync(async () => !await QueryAsync(db => db.Set<OutboxRow>().AnyAsync()));
        (await LettersAsync()).Select(letter => (letter.Origin, letter.Endpoint)).Should().BeEquivalentTo(
            [(DeadLetterOrigin.Endpoint, "counter"), (DeadLetterOrigin.Outbox, "kafka:dead-letters")]);
        Bare.Read(options, options.Prefix + "asker.commands", 1).Should().ContainSingle();
        await StopAsync(); // Before its cluster.
    }

    [Fact]
    public async Task A_letter_of_what_the_outbox_could_not_hold_is_written_all_the_same_and_has_no_copy()
    {
        options.MapForeign = foreign => new MessageEnvelope
        {
            Id = foreign.Envelope.Id, Type = "somebody's", Source = foreign.Envelope.Source, Time = foreign.Envelope.Time, ContentType = foreign.Envelope.ContentType,
            ConversationId = foreign.Envelope.Id, Key = new string('k', MessageLimits.MaxKeyBytes + 1), Body = foreign.Envelope.Body,
        };
        await StartAsync();
        faults.Numbers[2] = true;

        await Bare.SendAsync(options, options.Prefix + "counter.commands", "ann"u8.ToArray(), "1"u8.ToArray());
        await Eventually.IsAsync(async () => (await LettersAsync()).Count == 1);
        await PublishAsync(new Counted("ann", 2));

        Copies(1).Select(NumberOf).Should().Equal([2], "it is the only one that has a copy");
        (await LettersAsync()).Should().HaveCount(2);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        File.Delete(file);
    }

    private async Task StartAsync(MockCluster? mock = null)
    {
        await CreateTopicsAsync(mock ?? Server.Mock);
        await RunAsync();
    }

    private Task CreateTopicsAsync(MockCluster? mock)
        => Server.CreateAsync(mock, new[] { "counted", "counter.commands", "counter.dead" }.Select(topic => options.Prefix + topic));

    private async Task RunAsync(bool handles = true)
    {
        host = Build(handles);
        await QueryAsync(db => db.Database.EnsureCreatedAsync());
        await host.StartAsync();
    }

    private async Task StopAsync()
    {
        if (host is not null)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            await host.StopAsync(patience.Token);
        }
    }

    private IHost Build(bool handles)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders().AddProvider(warnings);
        builder.Services.AddSingleton(faults);
        builder.Services.AddDbContext<NumbersDb>(db => db.UseSqlite($"Data Source={file};Pooling=False"));
        builder.Services.AddMessaging(messaging => Handle(handles, messaging
            .UseEntityFrameworkCore<NumbersDb>()
            .UseKafka(kafka =>
            {
                kafka.BootstrapServers = options.BootstrapServers;
                kafka.Prefix = options.Prefix;
                kafka.DeadLetterTopic = endpoint => endpoint + ".dead";
                kafka.MapForeign = options.MapForeign;
                foreach (var (name, value) in options.ConsumerProperties)
                {
                    kafka.ConsumerProperties[name] = value;
                }
            })
            .Event<Counted>(e => e.Named("counted").KeyedBy(m => m.Key))));
        return builder.Build();
    }

    private static MessagingBuilder Handle(bool handles, MessagingBuilder messaging)
        => handles ? messaging.Endpoint("counter", e => e.Handle<Counted, FaultyHandler>().OnFailure(f => f.RetryImmediately(1).ThenDeadLetter())) : messaging;

    /// <summary>Publishes in one transaction.</summary>
    private async Task PublishAsync(params Counted[] messages)
    {
        await using var scope = host!.Services.CreateAsyncScope();
        var bus = scope.ServiceProvider.GetRequiredService<IMessageBus>();
        foreach (var message in messages)
        {
            bus.Publish(message, publish => publish.Headers["tenant"] = "north");
        }

        await scope.ServiceProvider.GetRequiredService<NumbersDb>().SaveChangesAsync();
    }

    private List<ConsumeResult<byte[]?, byte[]?>> Copies(int count) => Bare.ReadFirsts(options, DeadLetterTopic, count);

    private static int NumberOf(ConsumeResult<byte[]?, byte[]?> copy)
        => JsonSerializer.Deserialize<Counted>(copy.Message.Value, JsonSerializerOptions.Web)!.Number;

    private async Task<IReadOnlyList<DeadLetter>> LettersAsync() => await host!.Services.GetRequiredService<IDeadLetters>().QueryAsync(new DeadLetterQuery());

    private Task ExecuteAsync(string sql) => QueryAsync(db => db.Database.ExecuteSqlRawAsync(sql));

    private async Task<T> QueryAsync<T>(Func<NumbersDb, Task<T>> query)
    {
        await using var scope = host!.Services.CreateAsyncScope();
        return await query(scope.ServiceProvider.GetRequiredService<NumbersDb>());
    }

    /// <summary>Which numbers cannot be handled.</summary>
    private sealed class Faults
    {
        private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource? hold;

        public ConcurrentDictionary<int, bool> Numbers { get; } = [];

        /// <summary>Until a message has come that is held.</summary>
        public Task Held => held.Task.WaitAsync(Line.Patience);

        public void Hold() => hold = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => hold!.TrySetResult();

        public async Task WaitAsync()
        {
            held.TrySetResult();
            await (hold?.Task ?? Task.CompletedTask);
        }
    }

    private sealed class FaultyHandler(NumbersDb db, Faults faults) : IHandle<Counted>
    {
        public async Task HandleAsync(Counted message, MessageContext context, CancellationToken cancellationToken)
        {
            await faults.WaitAsync();
            if (faults.Numbers.ContainsKey(message.Number))
            {
                throw new InvalidOperationException("as it happens");
            }

            db.Effects.Add(new Effect { Key = message.Key, Number = message.Number });
        }
    }
}
