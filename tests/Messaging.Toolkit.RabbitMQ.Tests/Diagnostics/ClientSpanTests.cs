using System.Diagnostics;
using System.Text;
using Messaging.Toolkit.Messages;
using Messaging.Toolkit.RabbitMQ.Tests.Broker;
using RabbitMQ.Client;

namespace Messaging.Toolkit.RabbitMQ.Tests.Diagnostics;

/// <summary>The client has spans of its own, and puts their context into the header that everybody knows.</summary>
[Collection("Client spans")]
[CollectionDefinition("Client spans", DisableParallelization = true)]
public sealed class ClientSpanTests
{
    private const string Creation = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task The_context_of_a_messages_creation_arrives_although_the_client_is_observed_too()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("RabbitMQ.Client", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var line = new Line();
        var sender = await line.OpenSenderAsync();

        // As another program sees it, to know that the client has done so; and as an endpoint gets it.
        var seen = await Line.BareAsync(async channel =>
        {
            var other = await channel.QueueDeclareAsync();
            await channel.QueueBindAsync(other.QueueName, line.Options.Prefix + "happened", "#");
            await line.SendAsync(sender, Traced());
            return await channel.BasicGetAsync(other.QueueName, autoAck: true);
        });
        Text(seen!, "traceparent").Should().NotBe(Creation, "otherwise this test shows nothing");
        Text(seen!, "cloudEvents_traceparent").Should().Be(Creation);
        var received = await Line.ReceiveAsync(await line.OpenReceiverAsync(), 1);
        received.Single().Envelope.TraceParent.Should().Be(Creation);
    }

    private static string Text(BasicGetResult message, string header) => Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers![header]!);

    private static MessageEnvelope Traced()
    {
        var envelope = Line.Envelope();
        return new()
        {
            Id = envelope.Id, Type = envelope.Type, Source = envelope.Source, Time = envelope.Time, ContentType = envelope.ContentType, Key = envelope.Key,
            ConversationId = envelope.ConversationId, Body = envelope.Body, TraceParent = Creation,
        };
    }
}
