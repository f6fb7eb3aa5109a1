using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Tests.Conformance;

/// <summary>Proof that the suite finds what it is there for: transports with one mistake each, and the case that must find it.</summary>
public sealed class BrokenTransportTests
{
    private static readonly Dictionary<string, Action<WrappedTransport>> Mistakes = new(StringComparer.Ordinal)
    {
        ["loses own headers"] = Changing(message => Copy(message, headers: [])),
        ["keeps seconds only"] = Changing(message => Copy(message, time: message.Time.AddTicks(-(message.Time.Ticks % TimeSpan.TicksPerSecond)))),
        ["takes no key for an empty one"] = Changing(message => Copy(message, key: message.Key ?? "")),
        ["loses empty headers"] = Changing(message => Copy(message, headers: message.Headers.Where(header => header.Value.Length > 0))),
        ["cuts long keys"] = Changing(message => Copy(message, key: message.Key?[..Math.Min(255, message.Key.Length)])),
        ["cuts large bodies"] = Changing(message => Copy(message, body: message.Body[..Math.Min(100_000, message.Body.Length)])),
        ["sends by type"] = transport => transport.Sending = messages => [.. messages.OrderBy(message => message.Destination, StringComparer.Ordinal)],
        ["loses one of many"] = transport =>
        {
            var sent = 0;
            transport.Sending = messages => [.. messages.Select(message => ++sent % 90 == 0 ? message with { Destination = "nowhere" } : message)];
        },
        ["reports twice"] = transport => transport.Reported = results => [.. results, results[0]],
        ["reports another token"] = transport => transport.Reported = results => [.. results.Select(result => result with { Token = (int)result.Token })],
        ["forgets a result"] = transport => transport.Reported = results => [.. results.Where(result => result.Token % 7 != 0)],
        ["sends twice"] = transport =>
        {
            transport.Sending = messages => [.. messages, messages[0] with { Token = -1 }];
            transport.Reported = results => [.. results.Where(result => result.Token != -1)];
        },
        ["loses who waits for the reply"] = Changing(message => Copy(message, isAnonymous: true)),
        ["sends to all of the type"] = transport => transport.Sending = messages =>
            [.. messages.Select(message => message.Envelope.Recipient is null ? message : message with { Destination = message.Envelope.Type, Envelope = Copy(message.Envelope, isForAll: true) })],
        ["returns too many"] = transport => transport.Receive = (receiver, max, cancellationToken) => receiver.ReceiveAsync(max + 1, cancellationToken).AsTask(),
        ["returns nothing when cancelled"] = transport => transport.Receive = async (receiver, max, cancellationToken) =>
        {
            try
            {
                return await receiver.ReceiveAsync(max, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return [];
            }
        },
        ["loses what a cancelled call has received"] = transport => transport.Receive = async (receiver, max, cancellationToken) =>
        {
            var batch = await receiver.ReceiveAsync(max, CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            return batch;
        },
        ["settles nothing"] = transport => transport.Settle = (_, _, _) => Task.CompletedTask,
        ["settles when it receives"] = transport =>
        {
            transport.Settle = (_, _, _) => Task.CompletedTask;
            transport.Receive = async (receiver, max, cancellationToken) =>
            {
                var batch = await receiver.ReceiveAsync(max, cancellationToken);
                await receiver.SettleAsync(batch, Settlement.Done, CancellationToken.None);
                return batch;
            };
        },
        ["takes abandoned for done"] = transport => transport.Settle = (receiver, deliveries, _) => receiver.SettleAsync(deliveries, Settlement.Done, CancellationToken.None).AsTask(),
        ["settles the first of a batch only"] = transport => transport.Settle = (receiver, deliveries, settlement) => receiver.SettleAsync([deliveries[0]], settlement, CancellationToken.None).AsTask(),
        ["never ends"] = transport => transport.Dispose = _ => new TaskCompletionSource().Task,
        ["stays when it has ended"] = transport => transport.Dispose = opened => opened is IReceiver ? Task.CompletedTask : opened.DisposeAsync().AsTask(),
        ["waits on a broken connection"] = transport => transport.Receive = async (receiver, max, cancellationToken) =>
        {
            try
            {
                return await receiver.ReceiveAsync(max, cancellationToken);
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                var never = new TaskCompletionSource();
                await using var registration = cancellationToken.UnsafeRegister((_, token) => never.TrySetCanceled(token), null);
                await never.Task;
                throw;
            }
        },
        ["does not bound what is unsettled"] = _ => { },
    };

    [Theory]
    [InlineData("loses own headers", "A_message_arrives_whole")]
    [InlineData("keeps seconds only", "A_message_arrives_whole")]
    [InlineData("takes no key for an empty one", "The_least_message_arrives")]
    [InlineData("loses empty headers", "Odd_content_arrives_unchanged")]
    [InlineData("loses who waits for the reply", "What_is_said_of_recipient_and_reply_arrives")]
    [InlineData("sends to all of the type", "A_message_for_one_endpoint_reaches_it_and_no_other_subscriber_of_its_type")]
    [InlineData("cuts long keys", "Odd_content_arrives_unchanged")]
    [InlineData("cuts large bodies", "Messages_of_a_mebibyte_arrive")]
    [InlineData("sends by type", "Messages_of_a_key_arrive_in_order_whatever_their_types")]
    [InlineData("sends by type", "Every_endpoint_gets_what_it_handles_and_nothing_else")]
    [InlineData("sends twice", "Every_endpoint_gets_what_it_handles_and_nothing_else")]
    [InlineData("loses one of many", "Messages_without_a_key_all_arrive")]
    [InlineData("loses one of many", "What_is_confirmed_is_kept")]
    [InlineData("reports twice", "Every_message_is_reported_once_with_its_token")]
    [InlineData("reports another token", "Every_message_is_reported_once_with_its_token")]
    [InlineData("forgets a result", "Every_message_is_reported_once_with_its_token")]
    [InlineData("forgets a result", "A_cancelled_read_of_results_loses_nothing")]
    [InlineData("returns too many", "A_receiver_returns_no_more_than_it_is_asked_for")]
    [InlineData("returns nothing when cancelled", "A_cancelled_receive_loses_nothing")]
    [InlineData("loses what a cancelled call has received", "A_cancelled_receive_loses_nothing")]
    [InlineData("settles nothing", "What_is_done_does_not_come_again")]
    [InlineData("settles when it receives", "What_is_not_settled_comes_again_before_anything_newer")]
    [InlineData("settles when it receives", "Of_two_receivers_each_gets_what_the_other_does_not")]
    [InlineData("settles the first of a batch only", "Deliveries_are_settled_in_any_order")]
    [InlineData("takes abandoned for done", "What_is_abandoned_comes_again_in_order")]
    [InlineData("never ends", "A_sender_with_unreported_messages_ends_promptly")]
    [InlineData("never ends", "A_receiver_that_waits_ends_promptly")]
    [InlineData("stays when it has ended", "What_is_not_settled_comes_again_before_anything_newer")]
    [InlineData("waits on a broken connection", "What_is_confirmed_outlives_broken_connections")]
    [InlineData("does not bound what is unsettled", "No_more_than_prefetch_are_unsettled")]
    public void A_mistake_is_found_and_told(string mistake, string caseName)
        => SimulatedBrokerConformance.Run(caseName, seed: 1, Mistakes[mistake]).Should().BeOfType<ConformanceException>().Which.Message.Should().EndWith(".");

    [Fact]
    public void Each_case_finds_one()
        => GetType().GetMethod(nameof(A_mistake_is_found_and_told))!.GetCustomAttributes(typeof(InlineDataAttribute), inherit: false)
            .Select(row => (string)((InlineDataAttribute)row).GetData(null!).Single()[1]).Should().Contain(TransportConformance.CaseNames);

    private static Action<WrappedTransport> Changing(Func<MessageEnvelope, MessageEnvelope> change)
        => transport => transport.Sending = messages => [.. messages.Select(message => message with { Envelope = change(message.Envelope) })];

    private static MessageEnvelope Copy(
        MessageEnvelope message, IEnumerable<KeyValuePair<string, string>>? headers = null, DateTimeOffset? time = null, string? key = null, ReadOnlyMemory<byte>? body = null,
        bool isForAll = false, bool isAnonymous = false)
        => new()
        {
            Id = message.Id, Type = message.Type, Source = message.Source, Time = time ?? message.Time, ContentType = message.ContentType,
            Key = key ?? message.Key, ConversationId = message.ConversationId, CausationId = message.CausationId, CorrelationId = message.CorrelationId,
            TraceParent = message.TraceParent, TraceState = message.TraceState,
            Recipient = isForAll ? null : message.Recipient, ReplyTo = isAnonymous ? null : message.ReplyTo, InReplyTo = message.InReplyTo,
            Headers = headers is null ? message.Headers : new Dictionary<string, string>(headers), Body = body ?? message.Body,
        };
}
