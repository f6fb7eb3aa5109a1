namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>Who gets what, and in which order.</summary>
internal static class OrderCases
{
    public static async Task Every_endpoint_gets_what_it_handles_and_nothing_else(Trial trial)
    {
        var messages = trial.Messages;
        var process = await trial.StartProcessAsync();
        var left = await process.OpenConsumerAsync(messages.Left);
        var right = await process.OpenConsumerAsync(messages.Right);
        var relay = await process.OpenRelayAsync();

        // The last one is for both: whatever came twice or to the wrong endpoint has come before it.
        const string key = "one key";
        var sent = Enumerable.Range(0, 20).SelectMany(_ => new[] { messages.Placed, messages.Paid, messages.Ship, messages.Unheard })
            .Append(messages.Placed).Select(type => messages.Make(type, key)).ToList();
        var forLeft = sent.Where(message => messages.SubscribersOf(message).Contains(messages.Left)).ToList();
        var forRight = sent.Where(message => messages.SubscribersOf(message).Contains(messages.Right)).ToList();

        var atLeft = left.HandleAsync(forLeft.Count);
        var atRight = right.HandleAsync(forRight.Count);
        await trial.TogetherAsync(relay.DeliverAsync(sent), atLeft, atRight);

        Expect.Arrived(forLeft, await atLeft);
        Expect.Arrived(forRight, await atRight);
    }

    public static async Task A_message_for_one_endpoint_reaches_it_and_no_other_subscriber_of_its_type(Trial trial)
    {
        var messages = trial.Messages;
        var process = await trial.StartProcessAsync();
        var left = await process.OpenConsumerAsync(messages.Left);
        var right = await process.OpenConsumerAsync(messages.Right);
        var relay = await process.OpenRelayAsync();

        const string key = "one key";
        var forLeft = Enumerable.Range(0, 20).SelectMany(_ => new[] { messages.Placed, messages.Unheard, messages.Ship }).Select(type => messages.MakeFor(messages.Left, type, key)).ToList();
        var atLeft = left.HandleAsync(forLeft.Count);
        await trial.TogetherAsync(relay.DeliverAsync(forLeft), atLeft);
        Expect.Arrived(forLeft, await atLeft);

        // This one is for both: whatever came to the wrong endpoint, or came twice, has come before it.
        var forBoth = messages.Make(messages.Placed, key);
        (atLeft, var atRight) = (left.HandleAsync(1), right.HandleAsync(1));
        await trial.TogetherAsync(relay.DeliverAsync([forBoth]), atLeft, atRight);
        Expect.Arrived([forBoth], await atLeft);
        Expect.Arrived([forBoth], await atRight);
    }

    public static async Task Messages_of_a_key_arrive_in_order_whatever_their_types(Trial trial)
    {
        var messages = trial.Messages.MakeForLeft(count: 2000, keys: 20);

        Expect.Arrived(messages, await trial.PassAsync(messages));
    }

    public static async Task Messages_without_a_key_all_arrive(Trial trial)
    {
        var messages = Enumerable.Range(0, 300).Select(_ => trial.Messages.Make(trial.Messages.Paid, key: null)).ToList();

        var arrived = await trial.PassAsync(messages);

        Expect.Arrived(messages.OrderBy(message => message.Id), arrived.OrderBy(message => message.Id));
    }
}
