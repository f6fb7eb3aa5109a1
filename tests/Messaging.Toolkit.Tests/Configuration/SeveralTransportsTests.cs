using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Outbox;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Transports;
using Messaging.Toolkit.Transports.InProcess;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Tests.Configuration;

/// <summary>Which transport is whose, where its messages wait, and what cannot work.</summary>
public sealed class SeveralTransportsTests
{
    [Fact]
    public void With_one_transport_nothing_needs_to_be_said()
    {
        var model = Model(m => Broker(m, "one"));

        model.Transports.Select(transport => transport.Name).Should().Equal("one");
        Vias(model).Should().OnlyContain(via => via == "one");
        model.Endpoints.Should().OnlyContain(endpoint => endpoint.ReceivesFrom.SequenceEqual(new[] { "one" }));
    }

    [Fact]
    public void Without_any_everything_stays_in_the_process() => Vias(Model(_ => { })).Should().OnlyContain(via => via == "in-process");

    [Fact]
    public void What_says_nothing_goes_over_the_one_that_was_registered_first()
        => Vias(Model(m => Broker(Broker(m, "one"), "two"))).Should().OnlyContain(via => via == "one");

    [Fact]
    public void Another_default_can_be_said_also_delivery_in_the_process()
    {
        Vias(Model(m => Broker(Broker(m, "one"), "two").Via("two"))).Should().OnlyContain(via => via == "two");
        var model = Model(m => Broker(m, "one").Via("in-process"));
        Vias(model).Should().OnlyContain(via => via == "in-process");
        model.Transports.Select(transport => transport.Name).Should().Equal("one", "in-process");
    }

    [Fact]
    public void A_command_goes_over_the_transport_of_its_endpoint_unless_it_says_another()
    {
        var model = Model(
            m => Broker(Broker(m, "one"), "two").Command<Other>(c => c.Named("other").To("shop").Via("one")),
            shop: e => e.Via("two").Handle<Other, Handler>());

        model.Registry.Get(typeof(Charge)).Via.Should().Be("two");
        model.Registry.Get(typeof(Other)).Via.Should().Be("one");
        model.Endpoints.Single().ReceivesFrom.Should().BeEquivalentTo("two", "one");
    }

    [Fact]
    public void An_endpoint_receives_from_every_transport_over_which_its_messages_come_and_from_no_other()
    {
        var model = Model(m => Broker(Broker(Broker(m, "one"), "two"), "three")
            .Event<Other>(e => e.Named("other").Via("two"))
            .Endpoint("both", e => e.Handle<Placed, Handler>().Handle<Other, Handler>())
            .Endpoint("second", e => e.Handle<Other, Handler>())
            .Endpoint("third", e => e.Via("three").Handle<Other, Handler>()));

        Sources(model, "both").Should().BeEquivalentTo("one", "two");
        Sources(model, "second").Should().Equal(["two"], "nothing comes over the default");
        Sources(model, "third").Should().BeEquivalentTo("three", "two");
        Topology("one").Should().BeEquivalentTo("shop: shop.placed, shop.charge", "both: shop.placed");
        Topology("two").Should().BeEquivalentTo("both: other", "second: other", "third: other");
        Topology("three").Should().BeEquivalentTo("third: ");
        model.ToTopology("two").Types.Select(type => type.Name).Should().Equal("other");
        model.ToTopology("two").Elsewhere.Select(type => type.Name).Should().BeEquivalentTo("shop.placed", "shop.charge");

        IEnumerable<string> Topology(string transport)
            => model.ToTopology(transport).Endpoints.Select(endpoint => $"{endpoint.Name}: {string.Join(", ", endpoint.Types.Select(type => type.Name))}");
    }

    [Fact]
    public void An_endpoint_that_handles_nothing_but_answers_receives_them_over_its_own()
    {
        var model = Model(m => Broker(Broker(m, "one"), "two").Endpoint("asker", e => e.Handle<Answer, Handler>()));

        Sources(model, "asker").Should().Equal("one");
    }

    [Fact]
    public void An_endpoint_that_asks_another_application_receives_from_where_it_has_asked()
    {
        var model = Model(m => Broker(Broker(Broker(m, "one"), "two"), "three")
            .Command<Other>(c => c.Named("other").To("elsewhere").Via("two"))
            .Endpoint("sagas", e => e.Saga<Asks>()));

        Sources(model, "sagas").Should().BeEquivalentTo("one", "two");
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
        => Errors(m =>
            {
                Broker(Broker(Broker(Broker(Broker(m, "one"), "ONE"), "in-process"), "a b"), new string('x', 41)).Via("nowhere");
                m.Event<Other>(e => e.Named("other").Via("kafka"));
                m.Endpoint("audit", e => e.Via("rabbitmq").Handle<Placed, Handler>());
            })
            .Should().HaveCount(7)
            .And.ContainSingle(error => error.StartsWith("There are 2 transports named 'one': give all but one of them a name of their own") && error.Contains(".UseKafka(\"another\", ...)"))
            .And.ContainSingle(error => error.StartsWith("A transport is named 'in-process', which is the name of delivery inside the process"))
            .And.ContainSingle(error => error.StartsWith("The transport name 'a b' cannot be used: it has characters other than"))
            .And.ContainSingle(error => error.Contains("it has 41 characters, the limit is 40"))
            .And.ContainSingle(error => error.StartsWith("Other has Via('kafka'), and there is no such transport: add it, or choose one of 'one', ") && error.Contains("'in-process'"))
            .And.ContainSingle(error => error.StartsWith("Endpoint 'audit' has Via('rabbitmq'), and there is no such transport"))
            .And.ContainSingle(error => error.StartsWith("The application has Via('nowhere'), and there is no such transport"));

    [Fact]
    public void A_command_for_another_application_cannot_be_delivered_in_the_process()
    {
        Errors(m => m.Command<Other>(c => c.Named("other").To("elsewhere"))).Should().ContainSingle()
            .Which.Should().Be("The command Other goes to 'elsewhere', and there is no such endpoint: add .Endpoint(\"...\", ...) of that name or change .To(...).");
        Errors(m => Broker(m, "one").Command<Other>(c => c.Named("other").To("elsewhere").Via("in-process"))).Should().ContainSingle()
            .Which.Should().EndWith("or, if it is another application's, say by .Via(...) which transport leads there.");
        Errors(m => Broker(m, "one").Command<Other>(c => c.Named("other").To("elsewhere"))).Should().BeEmpty();
    }

    [Fact]
    public void What_is_wrong_with_the_options_of_several_is_said_together()
        => Errors(m => m
                .UseTransport("one", (_, _) => new InProcessTransport(), topology => [$"one has {topology.Types.Count} types"])
                .UseTransport("two", (_, _) => new InProcessTransport(), topology => [$"two has {topology.Types.Count} types"])
                .Event<Other>(e => e.Named("other").Via("two")))
            .Should().Equal("one has 2 types", "two has 1 types");

    [Fact]
    public void Destinations_of_a_transport_under_its_own_name_are_as_it_calls_them_and_others_say_whose_they_are()
    {
        var (destinations, transports) = Destinations(m => Topics(Topics(m, "topics"), "more").Event<Other>(e => e.Named("other").Via("more")).Endpoint("audit", e => e.Via("more").Handle<Other, Handler>()));

        destinations.Of(transports.Get("topics")).Should().BeEquivalentTo("shop.placed", "shop", "other");
        destinations.Of(transports.Get("more")).Should().BeEquivalentTo("other@more", "audit@more", "shop.placed@more", "shop@more");
        destinations.Of("audit", via: null).Should().Be("audit@more", "it says so itself");
        destinations.Of("audit", via: "topics").Should().Be("audit@more", "it says so itself");
        destinations.Of("elsewhere", via: "more").Should().Be("elsewhere@more");
        destinations.Of("elsewhere", via: null).Should().Be("elsewhere");
        destinations.Of("elsewhere", via: "gone").Should().Be("elsewhere");
        destinations.Validate().Should().BeEmpty();
    }

    /// <summary>An application that had one transport has rows that say nothing of it.</summary>
    [Fact]
    public void What_waits_for_the_only_transport_is_understood_when_there_is_a_second_one_and_when_its_message_has_moved()
    {
        var before = Destinations(m => Topics(m, "topics")).Destinations.All;

        var (added, _) = Destinations(m => Topics(Broker(m, "one").Via("topics"), "topics"));
        var (moved, transports) = Destinations(m => Topics(Broker(m, "one"), "topics"));

        added.All.Should().Contain(before);
        moved.Of(transports.Get("topics")).Should().Contain(before);
    }

    [Fact]
    public void A_destination_that_two_transports_have_is_refused()
    {
        var (destinations, _) = Destinations(m => Topics(m, "topics")
            .Event<Other>(e => e.Named("orders"))
            .Endpoint("orders", e => e.Via("in-process").Handle<Placed, Handler>()));

        destinations.Validate().Should().ContainSingle()
            .Which.Should().StartWith("The destination 'orders' is one of the transports 'topics' and 'in-process': register one of them under another name");
    }

    [Fact]
    public void A_destination_that_does_not_fit_into_its_column_is_refused()
    {
        var name = new string('e', 190);
        var (destinations, _) = Destinations(m => Topics(Broker(m, "one"), "another-name").Event<Other>(e => e.Named(name).Via("another-name")));

        destinations.Validate().Should().Contain(error => error.Contains("of the transport 'another-name' has 203 characters, the limit is 200"));
    }

    [Fact]
    public async Task A_sender_under_another_name_gets_what_the_transport_calls_its_destinations()
    {
        var inner = new InProcessTransport();
        var named = new NamedTransport("another", inner);
        await using var sender = await named.OpenSenderAsync(default);
        var envelope = new MessageEnvelope
        {
            Id = Guid.NewGuid(), Type = "t", Source = "/", Time = default, ContentType = "c", ConversationId = Guid.NewGuid(), Body = ReadOnlyMemory<byte>.Empty,
        };

        await sender.SendAsync([new TransportMessage(1, named.GetDestination("shop"), envelope)], default);

        await using var receiver = await named.OpenReceiverAsync("shop", 10, default);
        var received = await receiver.ReceiveAsync(10, default);
        await receiver.SettleAsync(received, Settlement.Done, default);
        (await sender.ReadResultsAsync(default)).Should().Equal(new SendResult(1, SendStatus.Confirmed));
    }

    private static IReadOnlyList<string> Sources(MessagingModel model, string endpoint) => model.Endpoints.Single(each => each.Name == endpoint).ReceivesFrom;

    private static IEnumerable<string> Vias(MessagingModel model)
        => model.Registry.Types.Where(type => !type.IsInternal).Select(type => type.Via).Concat(model.Endpoints.Select(endpoint => endpoint.Via)).Append(model.DefaultVia);

    private static MessagingBuilder Broker(MessagingBuilder messaging, string name) => messaging.UseTransport(name, (_, _) => new InProcessTransport());

    private static MessagingBuilder Topics(MessagingBuilder messaging, string name) => messaging.UseTransport(name, (_, _) => new TopicTransport());

    private static (Destinations Destinations, TransportCollection Transports) Destinations(Action<MessagingBuilder> configure)
    {
        var model = Model(configure);
        var transports = TransportCollection.Create(model, new ServiceCollection().BuildServiceProvider());
        return (new Destinations(model, transports), transports);
    }

    private static MessagingModel Model(Action<MessagingBuilder> configure, Action<EndpointBuilder>? shop = null)
    {
        var builder = new MessagingBuilder(new ServiceCollection());
        Good(builder, shop);
        configure(builder);
        return builder.Build();
    }

    private static IReadOnlyList<string> Errors(Action<MessagingBuilder> configure)
    {
        try
        {
            Model(configure);
            return [];
        }
        catch (MessagingConfigurationException exception)
        {
            return exception.Errors;
        }
    }

    private static void Good(MessagingBuilder messaging, Action<EndpointBuilder>? shop)
    {
        messaging.Stores.Add("Db");
        messaging
            .Event<Placed>(e => e.Named("shop.placed"))
            .Command<Charge>(c => c.Named("shop.charge").To("shop"))
            .Endpoint("shop", e =>
            {
                e.Handle<Placed, Handler>().Handle<Charge, Handler>();
                shop?.Invoke(e);
            });
    }

    /// <summary>Has a destination for each type of event, and for each endpoint.</summary>
    private sealed class TopicTransport : ITransport
    {
        public string Name => "topics";

        public IReadOnlyList<string> GetDestinations(MessageType type, IReadOnlyList<string> subscribers) => [type.Endpoint ?? type.Name];

        public string GetDestination(string endpoint) => endpoint;

        public ValueTask<ISender> OpenSenderAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReceiver> OpenReceiverAsync(string endpoint, int prefetch, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed record Placed;

    private sealed record Charge;

    private sealed record Other;

    private sealed record State;

    private sealed class Asks : Saga<State>
    {
        protected override void Define(ISagaBuilder<State> saga) => saga.Named("asks").Step("ask", s => s.Send(_ => new Other()).Succeeds<Placed>());
    }

    private sealed class Handler : IHandle<Placed>, IHandle<Charge>, IHandle<Other>, IHandle<Answer>
    {
        public Task HandleAsync(Placed message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(Charge message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(Other message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task HandleAsync(Answer message, MessageContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
