using Messaging.Toolkit.Messages;
using Messaging.Toolkit.Transports;

namespace Messaging.Toolkit.Testing.Conformance;

/// <summary>
/// Does what the toolkit's relay does, one thing after the other: a message is a row until it is confirmed, and what is returned is sent again, a
/// key when nothing more of it is under way.
/// </summary>
internal sealed class TrialRelay(Trial trial, TrialProcess process, ISender sender)
{
    private const int Window = 500;
    private const int Page = 50;

    private readonly List<Row> rows = [];
    private readonly HashSet<(string Destination, string Key)> returned = [];
    private ISender sender = sender;
    private long lastToken;

    /// <summary>Hands messages over and waits until all of them, and those from before, are confirmed.</summary>
    public async Task DeliverAsync(IReadOnlyList<MessageEnvelope> messages)
    {
        Add(messages);
        try
        {
            while (rows.Count > 0)
            {
                await SendOrReadAsync();
            }
        }
        catch (OperationCanceledException) when (trial.Over.IsCancellationRequested)
        {
            throw new ConformanceException(
                $"Every message handed over was to be confirmed, and {rows.Count} were not within {trial.Limit.TotalSeconds} s; the first is {Expect.Name(rows[0].Envelope)}.");
        }
    }

    /// <summary>Hands messages over without looking at results.</summary>
    public async Task HandOverAsync(IReadOnlyList<MessageEnvelope> messages)
    {
        Add(messages);
        while (NextPage() is { Count: > 0 } page)
        {
            await sender.SendAsync(page, trial.Over);
        }
    }

    /// <summary>Hands messages over on a connection that is broken, and waits until the sender says so.</summary>
    public async Task ExpectBrokenAsync(IReadOnlyList<MessageEnvelope> messages)
    {
        try
        {
            await HandOverAsync(messages);
            while (true)
            {
                Note(await sender.ReadResultsAsync(trial.Over));
            }
        }
        catch (OperationCanceledException) when (trial.Over.IsCancellationRequested)
        {
            throw new ConformanceException($"The sender's connection was broken, and neither SendAsync nor ReadResultsAsync threw within {trial.Limit.TotalSeconds} s.");
        }
        catch (Exception exception) when (exception is not ConformanceException)
        {
            // As it must be.
        }
    }

    /// <summary>Goes on with a new sender: what the last one has not reported is handed over again.</summary>
    public async Task ReplaceSenderAsync()
    {
        await sender.DisposeAsync();
        sender = await trial.OpenAgainAsync(process.OpenSenderAsync);
        rows.ForEach(row => row.IsUnderWay = false);
        returned.Clear();
    }

    private void Add(IReadOnlyList<MessageEnvelope> messages)
        => rows.AddRange(messages.SelectMany(process.DestinationsOf, (message, destination) => new Row(++lastToken, destination, message)));

    private async Task SendOrReadAsync()
    {
        if (NextPage() is { Count: > 0 } page)
        {
            await sender.SendAsync(page, trial.Over);
        }
        else
        {
            Note(await sender.ReadResultsAsync(trial.Over));
        }
    }

    private List<TransportMessage> NextPage()
    {
        var room = Math.Min(Page, Window - rows.Count(row => row.IsUnderWay));
        var busy = rows.Where(row => row.IsUnderWay && row.Line is { } line && returned.Contains(line)).Select(row => row.Line!.Value).ToHashSet();
        var page = new List<TransportMessage>();
        foreach (var row in rows.Where(row => !row.IsUnderWay && !(row.Line is { } line && busy.Contains(line))).Take(room))
        {
            row.IsUnderWay = true;
            page.Add(new TransportMessage(row.Token, row.Destination, row.Envelope, ResumesKey: row.Line is { } line && returned.Remove(line)));
        }

        return page;
    }

    private void Note(IReadOnlyList<SendResult> results)
    {
        Expect.That(results.Count > 0, "ReadResultsAsync was to wait for a result, and returned none.");
        foreach (var result in results)
        {
            var row = rows.Find(row => row.IsUnderWay && row.Token == result.Token)
                      ?? throw new ConformanceException($"Token {result.Token} was reported as {result.Status}, and no unreported message has it.");
            switch (result.Status)
            {
                case SendStatus.Confirmed:
                    rows.Remove(row);
                    break;
                case SendStatus.Returned:
                    row.IsUnderWay = false;
                    if (row.Line is { } line)
                    {
                        returned.Add(line);
                    }

                    break;
                default:
                    throw new ConformanceException($"{Expect.Name(row.Envelope)} was to be confirmed, and is {result.Status}: {result.Reason}");
            }
        }
    }

    private sealed class Row(long token, string destination, MessageEnvelope envelope)
    {
        public long Token => token;

        public string Destination => destination;

        public MessageEnvelope Envelope => envelope;

        public (string, string)? Line { get; } = envelope.Key is { } key ? (destination, key) : null;

        public bool IsUnderWay { get; set; }
    }
}
